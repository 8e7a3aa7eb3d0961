// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What is in the kernel of what the traced commands made; see objects.h. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "maps/xsteer.h"
#include "objects.h"

#define BPFFS "/sys/fs/bpf"
#define INSTANCE XS_PIN_ROOT "/rx0"
#define OBJECTS_MAX 4096
#define QUEUES_MAX 64

/* ---- objects by id ---- */

static struct object {
	enum made made;
	__u32 id;
	char name[BPF_OBJ_NAME_LEN];
} objects[OBJECTS_MAX];
static unsigned int object_cnt;

void objects_add(enum made made, int fd)
{
	struct bpf_link_info link = {};
	struct bpf_prog_info prog = {};
	struct bpf_map_info map = {};
	struct object *new = &objects[object_cnt];
	__u32 len = made == MADE_map	? sizeof(map)
		    : made == MADE_prog ? sizeof(prog)
					: sizeof(link);
	void *info = made == MADE_map	 ? (void *)&map
		     : made == MADE_prog ? (void *)&prog
					 : (void *)&link;

	if (object_cnt == OBJECTS_MAX || bpf_obj_get_info_by_fd(fd, info, &len))
		return;
	*new = (struct object){ .made = made,
				.id = made == MADE_map	  ? map.id
				      : made == MADE_prog ? prog.id
							  : link.id };
	snprintf(new->name, sizeof(new->name), "%s",
		 made == MADE_map    ? map.name
		 : made == MADE_prog ? prog.name
				     : "");
	object_cnt++;
}

static bool is_alive(const struct object *object)
{
	int fd = object->made == MADE_map    ? bpf_map_get_fd_by_id(object->id)
		 : object->made == MADE_prog ? bpf_prog_get_fd_by_id(object->id)
					     : bpf_link_get_fd_by_id(object->id);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != ENOENT;
}

static void print_objects(FILE *out)
{
	static const char *const names[] = {
		[MADE_map] = "map", [MADE_prog] = "prog", [MADE_link] = "link"
	};
	unsigned int kept = 0;

	for (unsigned int i = 0; i < object_cnt; i++) {
		if (!is_alive(&objects[i]))
			continue;
		objects[kept++] = objects[i];
		fprintf(out, "%s %s #%u\n", names[objects[kept - 1].made], objects[kept - 1].name,
			objects[kept - 1].id);
	}
	object_cnt = kept;
}

/* ---- the bpffs ---- */

static FILE *pins_out; /* nftw() hands nothing on */

static bool is_libxdps(const char *path)
{
	const char *name = path + strlen(BPFFS "/");

	return !strcmp(name, "xdp") || !strncmp(name, "xdp/", 4);
}

static int print_pin(const char *path, const struct stat *file, int type, struct FTW *ftw)
{
	(void)type;
	/* libxdp's own, which it keeps */
	if (ftw->level && !is_libxdps(path))
		fprintf(pins_out, "pin %s %o\n", path + strlen(BPFFS "/"), file->st_mode & 07777);
	return 0;
}

static int open_pin(const char *name)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = BPF_F_RDONLY);
	char path[128];

	snprintf(path, sizeof(path), INSTANCE "/%s", name);
	return bpf_obj_get_opts(path, &opts);
}

static void print_meta(FILE *out)
{
	struct xs_meta meta = {};
	const __u32 zero = 0;
	int fd = open_pin("meta");

	if (fd < 0)
		return;
	if (!bpf_map_lookup_elem(fd, &zero, &meta))
		fprintf(out, "meta flags %u attach %u default %u malformed %u #%llu\n", meta.flags,
			meta.attach, meta.default_action.verdict, meta.malformed_action.verdict,
			meta.generation);
	close(fd);
}

static void print_owners(FILE *out)
{
	struct xs_owner owner;
	int fd = open_pin("owners");

	for (__u32 slot = 0; fd >= 0 && !bpf_map_lookup_elem(fd, &slot, &owner); slot++)
		if (owner.pid)
			fprintf(out, "owner %u #%u\n", slot, owner.pid);
	if (fd >= 0)
		close(fd);
}

/* Of array maps of maps, and of maps with targets of rules: the keys that are there. */
static void print_keys(FILE *out, const char *map, __u32 keys)
{
	__u32 value[4];
	int fd = open_pin(map);

	for (__u32 key = 0; fd >= 0 && key < keys; key++)
		if (!bpf_map_lookup_elem(fd, &key, value) && value[0])
			fprintf(out, "%s[%u] #%u\n", map, key, value[0]);
	if (fd >= 0)
		close(fd);
}

/* ---- the interface ---- */

static __u32 pinned_prog(void)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	char path[] = INSTANCE "/" XS_PIN_PROG;
	int fd = bpf_obj_get(path);

	if (fd < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		info.id = 0;
	close(fd);
	return info.id;
}

static void print_hook(FILE *out)
{
	__u32 id = 0;

	if (bpf_xdp_query_id((int)if_nametoindex("rx0"), 0, &id) || !id)
		return;
	fprintf(out, "hook #%u\n", id);
	if (pinned_prog() != id)
		fprintf(out, "the pin is of another program than the hook's\n");
}

static void print_knob(FILE *out, const char *name)
{
	char path[64], value[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/net/rx0/%s", name);
	file = fopen(path, "re");
	if (file && fgets(value, sizeof(value), file))
		fprintf(out, "%s %s", name, value);
	if (file)
		fclose(file);
}

/* ---- the state ---- */

static int by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *sort_lines(char *text)
{
	char *lines[1024], *sorted = malloc(strlen(text) + 1), *rest = text;
	size_t cnt = 0, used = 0;

	if (!sorted)
		abort();
	while (cnt < 1024 && (lines[cnt] = strsep(&rest, "\n")) && *lines[cnt])
		cnt++;
	qsort(lines, cnt, sizeof(lines[0]), by_line);
	sorted[0] = '\0';
	for (size_t i = 0; i < cnt; i++)
		used += (size_t)sprintf(sorted + used, "%s\n", lines[i]);
	return sorted;
}

char *state_read(void)
{
	char *text = NULL, *sorted;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	print_objects(out);
	pins_out = out;
	nftw(BPFFS, print_pin, 16, FTW_PHYS | FTW_MOUNT);
	print_meta(out);
	print_owners(out);
	print_keys(out, "rule_sets", 2);
	print_keys(out, "cpu_map", (__u32)libbpf_num_possible_cpus());
	print_keys(out, "dev_map", QUEUES_MAX);
	print_hook(out);
	print_knob(out, "napi_defer_hard_irqs");
	print_knob(out, "gro_flush_timeout");
	if (fclose(out))
		abort();
	sorted = sort_lines(text);
	free(text);
	return sorted;
}

/* The length of the line that counts. */
static size_t line_len(const char *line, bool exactly)
{
	return strcspn(line, exactly ? "\n" : "#\n");
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

bool state_equal(const char *a, const char *b, bool exactly)
{
	while (*a && *b) {
		size_t len = line_len(a, exactly);

		if (len != line_len(b, exactly) || strncmp(a, b, len))
			return false;
		a = next_line(a);
		b = next_line(b);
	}
	return !*a && !*b;
}

void state_print_difference(const char *wanted, const char *got)
{
	while (*wanted || *got) {
		size_t a = line_len(wanted, false), b = line_len(got, false);
		int order = !*wanted ? 1 : !*got ? -1 : strncmp(wanted, got, a > b ? a : b);

		if (*wanted && *got && a == b && !strncmp(wanted, got, a))
			order = 0;
		if (order < 0)
			printf("#\tmissing: %.*s\n", (int)line_len(wanted, true), wanted);
		if (order > 0)
			printf("#\tleft: %.*s\n", (int)line_len(got, true), got);
		if (order <= 0)
			wanted = next_line(wanted);
		if (order >= 0)
			got = next_line(got);
	}
}

/* ---- counters ---- */

static bool row_adds_up(const struct xs_queue_stats *row)
{
	__u64 sum = 0;

#define X(name) sum += row->verdict_##name;
	XS_VERDICTS(X)
#undef X
	return sum == row->packets;
}

bool counters_add_up(unsigned long long *packets)
{
	int cpus = libbpf_num_possible_cpus(), fd = open_pin("xdp_stats_map");
	struct xs_queue_stats *rows = calloc((size_t)cpus, sizeof(*rows));
	bool good = rows;

	*packets = 0;
	for (__u32 queue = 0; fd >= 0 && rows && !bpf_map_lookup_elem(fd, &queue, rows); queue++) {
		for (int cpu = 0; cpu < cpus; cpu++) {
			good = good && row_adds_up(&rows[cpu]);
			*packets += rows[cpu].packets;
		}
	}
	free(rows);
	if (fd >= 0)
		close(fd);
	return good;
}
