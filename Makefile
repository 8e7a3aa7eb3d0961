# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Every target of xsteer; `make help` lists them. Output goes to .output/.

V ?= 0
SAN ?= 0
TSAN ?= 0
COVERAGE ?= 0
SHORT ?= 0
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
UNITDIR ?= $(PREFIX)/lib/systemd/system
UDEVDIR ?= $(PREFIX)/lib/udev/rules.d
CLANG ?= clang
BPFTOOL ?= $(or $(shell PATH="$$PATH:/usr/sbin:/sbin" command -v bpftool),bpftool)
CC := $(or $(filter-out cc default,$(CC)),gcc)
PKG_CONFIG ?= pkg-config
OBJCOPY ?= objcopy

# Each way to build has an output directory of its own.
VARIANTS := $(if $(filter 1,$(SAN)),san,$(if $(filter 1,$(TSAN)),tsan)) $(if $(filter 1,$(COVERAGE)),cov) \
	$(if $(filter 1,$(SHORT)),short)
O := .output$(addprefix /,$(subst $() $(),-,$(strip $(VARIANTS))))
Q := $(if $(filter 1,$(V)),,@)
msg = $(if $(filter 1,$(V)),,@printf '  %-8s %s\n' "$(1)" "$(patsubst $(O)/%,%,$(2))";)

TOOLS := loader bouncer rules maps chain fdserver
BINS := $(TOOLS:%=$(O)/xsteer-%)
# Tools link what they need of it, and so do tests, of the tools' folders too.
LIB_SRCS := $(sort $(shell find user -name '*.c'))
LIB_OBJS := $(LIB_SRCS:%.c=$(O)/%.o)
LIB := $(O)/xsteer.a
# The library for others: the same objects of user/lib/, with only the public names visible.
PUBLIC_OBJS := $(filter $(O)/user/lib/%,$(LIB_OBJS))
VERSION := $(shell cat VERSION)
SONAME := libxsteer.so.0
LIBS := $(O)/$(SONAME) $(O)/libxsteer.a
# bpf/*.bpf.c as the tools embed them; the first is the program of an instance.
SKELS := $(patsubst bpf/%.bpf.c,$(O)/%.skel.h,$(wildcard bpf/*.bpf.c))
USER_TESTS := $(patsubst selftests/%.c,$(O)/selftests/%,$(wildcard selftests/user_tests/*.c))
PROG_TESTS := $(patsubst selftests/%.c,$(O)/selftests/%,$(wildcard selftests/prog_tests/*.c))
TEST_TOOLS := $(patsubst selftests/%.c,$(O)/selftests/%,$(wildcard selftests/tools/*.c))
TEST_PROGS := $(patsubst %.bpf.c,$(O)/%.skel.h,$(wildcard selftests/progs/*.bpf.c))
TEST_OBJS := $(patsubst %.c,$(O)/%.o,$(wildcard selftests/*.c))
FLOOD_OBJS := $(patsubst %.c,$(O)/%.o,$(wildcard selftests/flood/*.c))
TORTURE := $(O)/selftests/torture/torture
TORTURE_OBJS := $(patsubst %.c,$(O)/%.o,$(wildcard selftests/torture/*.c))
FUZZERS := $(patsubst selftests/%.c,$(O)/selftests/%,$(wildcard selftests/fuzz/*.c))
MAN_PAGES := $(patsubst docs/%.scd,$(O)/%,$(wildcard docs/*.[38].scd))
# What a network function is linked with, by its soname; needs libc alone.
NF_SO := libxsteer-nf.so.0
NF_OBJS := $(patsubst %.c,$(O)/pic/%.o,$(wildcard user/nf/*.c))
NF_LIBS := $(O)/$(NF_SO) $(O)/libxsteer-nf.a $(O)/xsteer-nf.pc

# Only CI takes a warning for an error: a newer compiler knows some that no user can mend.
WERROR ?= $(if $(CI),1,0)
ERROR := $(if $(filter 1,$(WERROR)),-Werror)
WARN := $(ERROR) -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wwrite-strings -Wformat=2 -Wundef -Wvla
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LDHARDEN := -pie -Wl,-z,relro,-z,now
HARDEN_san := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDHARDEN_san := -fsanitize=address,undefined
# It knows no fences, which order what it sees as atomic anyway.
HARDEN_tsan := -fsanitize=thread -fno-omit-frame-pointer -Wno-tsan
LDHARDEN_tsan := -fsanitize=thread
HARDEN_cov := --coverage -fprofile-update=atomic
LDHARDEN_cov := --coverage
LIB_PKGS := libxdp libbpf libmnl
PKGS := $(LIB_PKGS) jansson
# CPPFLAGS, CFLAGS, LDFLAGS and LDLIBS are the packager's; theirs come last.
CFLAGS ?= -O2 -g
# A data path of few steps loads in a third of the time, which is what torture waits for.
CPPFLAGS_short := -DXS_STEPS_MAX=8
ALL_CPPFLAGS := -D_GNU_SOURCE -I$(O) -I. -Iuser -Iuser/lib -Iuser/nf \
	$(foreach v,$(VARIANTS),$(CPPFLAGS_$(v))) $(CPPFLAGS)
ALL_CFLAGS := -std=gnu11 $(WARN) $(or $(foreach v,$(VARIANTS),$(HARDEN_$(v))),$(HARDEN)) $(CFLAGS)
ALL_LDFLAGS := $(or $(foreach v,$(VARIANTS),$(LDHARDEN_$(v))),$(LDHARDEN)) $(LDFLAGS)
ALL_LDLIBS := $(LDLIBS) $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null) -lcap-ng -lncursesw -ltinfo -lpcap -lpthread
# The data path needs the UAPI headers of the machine, nothing else.
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
BPF_CFLAGS += -target bpf -mcpu=v3 -O2 -g -Wall -Wextra $(ERROR) -Wno-unused-function \
	$(foreach v,$(VARIANTS),$(CPPFLAGS_$(v))) $(if $(MULTIARCH),-I/usr/include/$(MULTIARCH)) -I.
# What was made with other flags is made again.
FLAGS := $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) | $(ALL_LDFLAGS) $(ALL_LDLIBS)
BPF_FLAGS := $(CLANG) $(BPF_CFLAGS)

.PHONY: FORCE all help deps check check-threads tests-threads torture tests-torture demo demo-chain lint analyze analyzed coverage fuzz bench bench-rules check-vm matrix verifier-stats \
	install uninstall clean man tests
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

all: $(BINS) $(LIBS) $(NF_LIBS) ## build the tools, libxsteer, and the library of network functions
	$(Q)[ -z "$(MAN_PAGES)" ] || ! command -v scdoc >/dev/null || $(MAKE) --no-print-directory man

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' Makefile

deps: ## install what is missing (Debian, Ubuntu), or list it
	$(Q)scripts/install-deps

$(O)/deps.checked: scripts/install-deps
	$(Q)scripts/install-deps --check build
	$(Q)mkdir -p $(@D) && touch $@

$(O)/flags $(O)/bpf.flags: WORDS = $(subst ','\'',$(if $(filter %bpf.flags,$@),$(BPF_FLAGS),$(FLAGS)))
$(O)/flags $(O)/bpf.flags: FORCE
	@mkdir -p $(@D); echo '$(WORDS)' | cmp -s - $@ || echo '$(WORDS)' > $@
FORCE:

$(SKELS:.skel.h=.bpf.o): $(O)/%.bpf.o: bpf/%.bpf.c $(O)/bpf.flags | $(O)/deps.checked
	$(call msg,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(SKELS): $(O)/%.skel.h: $(O)/%.bpf.o
	$(call msg,SKEL,$@)
	$(Q){ echo "#include \"maps/xsteer.h\""; $(BPFTOOL) gen skeleton $< name $*_bpf; } > $@

# BPF programs that only tests and benchmarks use.
$(O)/selftests/progs/%.bpf.o: selftests/progs/%.bpf.c $(O)/bpf.flags | $(O)/deps.checked
	$(call msg,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -Iuser -MMD -MP -c $< -o $@

$(O)/selftests/progs/%.skel.h: $(O)/selftests/progs/%.bpf.o
	$(call msg,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

$(TEST_TOOLS:%=%.o) $(PROG_TESTS:%=%.o) $(FLOOD_OBJS): | $(TEST_PROGS)

# The version stands in VERSION alone.
$(O)/version.h: VERSION
	$(call msg,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)awk -F. '{ print "#define XS_VERSION_TEXT \"" $$0 "\""; \
		print "#define XS_VERSION ((" $$1 " << 16) | (" $$2 " << 8) | " $$3 ")" }' $< > $@

$(O)/pic/%.o: %.c $(O)/flags | $(O)/deps.checked
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -fPIC -MMD -MP -c $< -o $@

$(O)/$(NF_SO): $(NF_OBJS) user/nf/xsteer-nf.map
	$(call msg,LINK,$@)
	$(Q)$(CC) $(filter-out -pie,$(ALL_LDFLAGS)) -shared -Wl,-soname,$(@F) \
		-Wl,--version-script,user/nf/xsteer-nf.map $(NF_OBJS) -o $@
	$(Q)ln -sf $(@F) $(basename $@)

$(O)/libxsteer-nf.a: $(NF_OBJS)
	$(call msg,AR,$@)
	$(Q)rm -f $@ && ar qcs $@ $^

$(O)/xsteer-nf.pc: user/nf/xsteer-nf.pc.in VERSION
	$(call msg,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)sed "s/@VERSION@/$$(cat VERSION)/" $< > $@

$(O)/%.o: %.c $(O)/flags | $(SKELS) $(O)/version.h
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(PIC) -MMD -MP -c $< -o $@
$(PUBLIC_OBJS): PIC := -fPIC -fvisibility=hidden

$(LIB): $(LIB_OBJS)
	$(call msg,AR,$@)
	$(Q)rm -f $@ && ar qcs $@ $^

LIB_MAP := user/lib/api/libxsteer.map
$(O)/$(SONAME): $(PUBLIC_OBJS) $(LIB_MAP) $(O)/flags
	$(call msg,LINK,$@)
	$(Q)$(CC) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=$(LIB_MAP) \
		$(filter-out -pie,$(ALL_LDFLAGS)) $(PUBLIC_OBJS) \
		$(shell $(PKG_CONFIG) --libs $(LIB_PKGS) 2>/dev/null) -lpthread -o $@

# One object, so that what its parts share is nobody else's either.
$(O)/libxsteer.a: $(PUBLIC_OBJS)
	$(call msg,AR,$@)
	$(Q)$(LD) -r -o $(O)/libxsteer.o $^ && $(OBJCOPY) --localize-hidden $(O)/libxsteer.o
	$(Q)rm -f $@ && ar qcs $@ $(O)/libxsteer.o

$(O)/xsteer.pc: user/lib/xsteer/xsteer.pc.in FORCE
	@sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@VERSION@|$(VERSION)|' $< > $@

UNITS := $(patsubst scripts/systemd/%.in,$(O)/systemd/%,$(wildcard scripts/systemd/*.in))
$(UNITS): $(O)/systemd/%: scripts/systemd/%.in scripts/systemd/hardening FORCE
	@mkdir -p $(@D); sed -e '/^@HARDENING@$$/{' -e 'r scripts/systemd/hardening' -e 'd' -e '}' \
		-e 's|@SBINDIR@|$(PREFIX)/sbin|g' $< > $@

# What one tool alone needs.
LIBS_chain := -lseccomp
.SECONDEXPANSION:
$(BINS): $(O)/xsteer-%: $(O)/user/tools/$$*/$$*.o $(LIB) $(O)/flags
	$(call msg,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(filter-out $(O)/flags,$^) $(LIBS_$*) $(ALL_LDLIBS) -o $@

# The demos need these, so they do without what tests share, and without cmocka.
$(O)/selftests/tools/flood: $(O)/selftests/tools/flood.o $(O)/selftests/meter.o $(FLOOD_OBJS) $(LIB) $(O)/flags
	$(call msg,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(filter-out $(O)/flags,$^) $(ALL_LDLIBS) -o $@

$(O)/selftests/tools/traffic: $(O)/selftests/tools/traffic.o $(O)/flags
	$(call msg,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(filter-out $(O)/flags,$^) $(ALL_LDLIBS) -o $@

$(O)/selftests/%: $(O)/selftests/%.o $(TEST_OBJS) $(LIB) $(O)/flags
	$(call msg,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(filter-out $(O)/flags,$^) $(ALL_LDLIBS) -lcmocka -o $@

$(TORTURE): $(TORTURE_OBJS) $(O)/flags
	$(call msg,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(filter-out $(O)/flags,$^) $(ALL_LDLIBS) -o $@

# This test lets single allocations fail, and sorts in another way.
$(O)/selftests/user_tests/rule_compile: ALL_LDFLAGS += \
	$(foreach f,malloc calloc realloc qsort,-Wl,--wrap=$(f))

# This test imitates a NIC.
$(O)/selftests/user_tests/reserved_nic: ALL_LDFLAGS += -Wl,--wrap=xs_ethtool

# This test imitates a verifier that refuses some programs.
$(O)/selftests/prog_tests/refused: ALL_LDFLAGS += -Wl,--wrap=bpf_object__load_skeleton

man: $(MAN_PAGES)
	@:
$(MAN_PAGES): $(O)/%: docs/%.scd
	$(call msg,MAN,$@)
	$(Q)mkdir -p $(@D) && scdoc < $< > $@

check: deps ## install what is missing, build, run every test that needs no VM
	$(Q)$(MAKE) --no-print-directory tests
	$(Q)O=$(O) selftests/runner

# Bouncer and broker have a thread for each queue beside the main one; contexts of the library may
# each have one. Tests with "threads" in their name come by themselves.
THREAD_TESTS ?= threads every_queue_in_one_process limit_over_several_queues \
	packet_limit_is_exact_when_busy latency_has json_is_an_object adaptive verbose_prints \
	hang_ups_do_not_end deleted_interface_ends upgrade_does_not_end drop_sends link_down_and_up_under
check-threads: deps ## the tests of what has threads, under the thread sanitizer
	$(Q)$(MAKE) --no-print-directory TSAN=1 tests-threads
	$(Q)O=.output/tsan selftests/runner $(THREAD_TESTS)
tests-threads: $(BINS) $(addprefix $(O)/selftests/tools/,traffic nf_probe) \
	$(patsubst %.c,$(O)/%,$(shell grep -l pthread_create selftests/*_tests/*.c))

coverage: ## how much of user/ the tests run, and the files they run least: TESTS="user: prog:"
	$(Q)$(MAKE) --no-print-directory COVERAGE=1 tests
	$(Q)find $(O)/cov -name '*.gcda' -delete
	$(Q)O=.output/cov selftests/runner $(TESTS)
	$(Q)O=.output/cov scripts/coverage

tests: all $(USER_TESTS) $(PROG_TESTS) $(TEST_TOOLS) $(TEST_PROGS) $(TORTURE)

torture: deps ## every command killed, and failed, at each of its system calls (an hour)
	$(Q)$(MAKE) --no-print-directory SHORT=1 tests-torture
	$(Q)O=.output/short selftests/torture/run
tests-torture: $(BINS) $(TORTURE)

# libFuzzer comes with clang only. Each fuzzer links the files named here, and works on a
# copy of its corpus, so that what it finds does not end up in the tree by itself.
FUZZ_SECONDS ?= 20
FUZZ_CFLAGS := -std=gnu11 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
RULE_SRCS := user/lib/base/arena.c user/lib/base/escape.c user/lib/base/grow.c user/lib/base/ranges.c \
	user/lib/base/timespan.c \
	$(wildcard $(foreach d,model syntax check,user/lib/rules/$(d)/*.c))
FUZZ_SRCS_rule_text := $(RULE_SRCS) $(foreach f,kind tuples,user/lib/rules/compile/$(f).c) selftests/rule_equal.c
# Guided by the parser, the compiler and the oracle; the rest is as the tests have it.
FUZZ_SRCS_rules_frames := $(RULE_SRCS) $(wildcard user/lib/rules/compile/*.c) \
	selftests/oracle.c selftests/oracle_buckets.c \
	$(foreach f,test test_rules rule_errors packets plain_xsk,$(O)/selftests/$(f).o) $(LIB)
FUZZ_LIBS_rules_frames = $(ALL_LDLIBS) -lcmocka
FUZZ_SRCS_chain_text := user/lib/base/escape.c user/lib/base/number.c $(foreach f,lex excerpt,user/lib/rules/syntax/$(f).c) \
	$(wildcard user/lib/chains/*.c)
# What functions say to a broker, and write into its rings.
FUZZ_SRCS_nf_messages := $(foreach f,nfs nf_end nfs_apply join engine engine_ports frame_way take_back balance port flow ledger trace event_log,user/tools/chain/$(f).c) \
	$(wildcard user/lib/chains/*.c) $(LIB)
FUZZ_LIBS_nf_messages = $(ALL_LDLIBS)

fuzz: $(FUZZERS) ## run each fuzzer for FUZZ_SECONDS=20
	$(Q)set -e; for f in $(FUZZERS); do name=$${f##*/}; work=$(O)/selftests/fuzz/run/$$name; \
		rm -rf $$work && mkdir -p $$work; cp -r selftests/fuzz/corpus/$$name/. $$work/; \
		$$f $$(ls selftests/fuzz/$$name.dict 2>/dev/null | sed s/^/-dict=/) \
			-max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=4096 -print_final_stats=1 \
			-artifact_prefix=$$work- $$work; done

$(FUZZERS): $(O)/selftests/fuzz/%: selftests/fuzz/%.c $$(FUZZ_SRCS_$$*) | $(SKELS) $(O)/version.h
	$(call msg,FUZZ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(ALL_CPPFLAGS) $(FUZZ_CFLAGS) $^ $(FUZZ_LIBS_$*) -o $@

demo-chain: ## a firewall, a NAT and a tap in a chain; one is killed under traffic, and the account
	$(Q)scripts/install-deps demo
	$(Q)$(MAKE) --no-print-directory $(BINS) $(NF_LIBS) $(addprefix $(O)/selftests/tools/,traffic flood)
	$(Q)O=$(O) scripts/demo-chain

demo: ## a multi-queue lab, a bouncer per queue, real packets, counters
	$(Q)scripts/install-deps demo
	$(Q)$(MAKE) --no-print-directory $(BINS) $(O)/selftests/tools/traffic
	$(Q)O=$(O) scripts/demo

check-vm: tests ## the tests under another kernel in QEMU: KERNEL="6.1 7.x", or all
	$(Q)scripts/install-deps --check build man test vm
	$(Q)O=$(O) KERNEL="$(KERNEL)" scripts/check-vm

matrix: tests ## every kernel by every feature: writes docs/kernels.md
	$(Q)scripts/install-deps --check build man test vm
	$(Q)O=$(O) scripts/matrix

verifier-stats: tests ## the verifier's work against selftests/verifier.stats; KERNEL= in VMs
	$(Q)O=$(O) KERNEL="$(KERNEL)" scripts/verifier-stats

bench-rules: deps ## nanoseconds a frame by rules, beside xdp-filter
	$(Q)$(MAKE) --no-print-directory all $(O)/selftests/tools/rulebench
	$(Q)O=$(O) scripts/bench-rules

bench: deps ## xsteer-bouncer beside other forwarders; BENCH="latency --reps 3 xsteer", or chains
	$(Q)$(MAKE) --no-print-directory tests
	$(Q)O=$(O) scripts/bench $(BENCH)

lint: ## shellcheck, clang-format, cppcheck
	$(Q)scripts/lint

# What two compilers find who follow the paths through a function. clang's does so within a
# function and its small callees: `shallow` costs a fifth of its time. A file is looked at
# again when it, or what it includes, has changed.
ANALYZE_MODE ?= shallow
ANALYZED := $(LIB_SRCS:%.c=$(O)/analyze/%.found)
analyze: ## gcc -fanalyzer and clang-tidy over user/
	$(Q)scripts/install-deps --check build lint
	$(Q)$(MAKE) --no-print-directory -j$(shell nproc) analyzed
	$(Q)O=$(O) scripts/analyze
analyzed: $(ANALYZED)

$(O)/analyze/%.found: %.c .clang-tidy $(O)/flags | $(SKELS) $(O)/version.h
	$(call msg,ANALYZE,$@)
	$(Q)mkdir -p $(@D)
	$(Q){ $(CC) $(ALL_CPPFLAGS) $(filter-out -Werror,$(ALL_CFLAGS)) -O1 -fanalyzer \
			-fdiagnostics-plain-output -MMD -MP -MT $@ -c $< -o $(@:.found=.o) || echo "$<:1:1: error: gcc failed [gcc]"; \
		clang-tidy --quiet $< -- $(ALL_CPPFLAGS) -std=gnu11 -Xclang -analyzer-config \
			-Xclang mode=$(ANALYZE_MODE) 2>&1 || echo "$<:1:1: error: clang-tidy failed [clang-tidy]"; \
	} >$@ 2>&1

# MODE:FILE:WHERE, or link:NAME:WHERE, which both targets below go through.
INSTALLED = $(foreach f,$(BINS),755:$(f):$(PREFIX)/sbin/$(notdir $(f))) \
	$(foreach f,$(MAN_PAGES),644:$(f):$(PREFIX)/share/man/man$(subst .,,$(suffix $(f)))/$(notdir $(f))) \
	755:$(O)/$(NF_SO):$(PREFIX)/lib/$(NF_SO) 644:$(O)/libxsteer-nf.a:$(PREFIX)/lib/libxsteer-nf.a \
	link:$(NF_SO):$(PREFIX)/lib/$(basename $(NF_SO)) \
	644:$(O)/xsteer-nf.pc:$(PREFIX)/lib/pkgconfig/xsteer-nf.pc \
	644:user/nf/xsteer/nf.h:$(PREFIX)/include/xsteer/nf.h \
	644:$(O)/xsteer.bpf.o:$(PREFIX)/lib/bpf/xsteer.bpf.o \
	644:$(O)/basic.bpf.o:$(PREFIX)/lib/bpf/xsteer-basic.bpf.o \
	755:$(O)/$(SONAME):$(LIBDIR)/libxsteer.so.$(VERSION) \
	link:libxsteer.so.$(VERSION):$(LIBDIR)/$(SONAME) \
	link:$(SONAME):$(LIBDIR)/libxsteer.so \
	644:$(O)/libxsteer.a:$(LIBDIR)/libxsteer.a \
	644:$(O)/xsteer.pc:$(LIBDIR)/pkgconfig/xsteer.pc \
	644:user/lib/xsteer/xsteer.h:$(PREFIX)/include/xsteer/xsteer.h \
	$(foreach f,$(UNITS),644:$(f):$(if $(filter %.service,$(f)),$(UNITDIR),$(UDEVDIR))/$(notdir $(f))) \
	$(foreach f,$(wildcard docs/examples/*.rules),644:$(f):$(PREFIX)/share/xsteer/$(notdir $(f))) \
	$(foreach f,$(wildcard docs/schema/*.json),644:$(f):$(PREFIX)/share/xsteer/schema/$(notdir $(f))) \
	$(foreach f,$(wildcard docs/monitoring/*),644:$(f):$(PREFIX)/share/xsteer/monitoring/$(notdir $(f))) \
	$(foreach f,$(notdir $(BINS)),644:scripts/completion:$(PREFIX)/share/bash-completion/completions/$(f))

install: all $(O)/xsteer.pc $(UNITS) ## DESTDIR= PREFIX=/usr/local LIBDIR= UNITDIR= UDEVDIR=
	$(Q)set -e; for row in $(INSTALLED); do (IFS=:; set -- $$row; \
		if [ "$$1" = link ]; then set -- ln -sf "$$2" "$(DESTDIR)$$3"; \
		else set -- install -D -m "$$1" "$$2" "$(DESTDIR)$$3"; fi; \
		IFS=' '; echo "$$*"; "$$@"); done

uninstall: ## what install with the same DESTDIR and PREFIX has put there
	$(Q)set -e; for row in $(INSTALLED); do rm -fv "$(DESTDIR)$${row##*:}"; done
	$(Q)for dir in share/xsteer/schema share/xsteer/monitoring share/xsteer include/xsteer; do \
		rmdir "$(DESTDIR)$(PREFIX)/$$dir" 2>/dev/null || :; done

clean: ## remove .output
	rm -rf .output

-include $(shell find $(O) $(if $(strip $(VARIANTS)),,-name 'san*' -prune -o -name 'tsan*' -prune -o -name cov -prune -o) \
	-name '*.d' -print 2>/dev/null)
