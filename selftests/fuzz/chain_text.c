// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Fuzzes the parser of chain files: any bytes are either chains whose ways all end, or
 * give errors that point into the text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/chains/text.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_target(const struct xs_chain *chain, int to, bool may_be_nowhere)
{
	require(to < (int)chain->step_cnt && to >= XS_TO_nowhere);
	require(to != XS_TO_nowhere || may_be_nowhere);
}

static void check_chain(const struct xs_chains *chains, const struct xs_chain *chain)
{
	require(chain->step_cnt <= XS_CHAIN_STEPS_MAX && chain->tap_cnt <= XS_CHAIN_TAPS_MAX);
	require(!xs_chain_has_loop(chain));
	check_target(chain, chain->first, false);
	for (__u32 i = 0; i < chain->step_cnt; i++) {
		const struct xs_step *step = &chain->steps[i];

		require(step->service < chains->service_cnt);
		require(!chains->services[step->service].tap);
		require(xs_chain_step_of(chain, step->service) == (int)i);
		check_target(chain, step->next, false);
		for (int k = 0; k < XS_SERVICE_EXITS_MAX; k++)
			check_target(chain, step->exits[k], true);
	}
	for (__u32 i = 0; i < chain->tap_cnt; i++)
		require(chains->services[chain->taps[i].service].tap);
	require(xs_chain_cost(chains, chain).steps <= chain->step_cnt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xs_chains chains;
	static struct xs_chain_findings findings;
	int err = xs_chains_parse(&chains, (const char *)data, size, &findings);
	bool error = false;

	for (__u32 i = 0; i < findings.cnt; i++) {
		const struct xs_chain_finding *finding = &findings.findings[i];

		error |= !finding->warning;
		require(finding->line && finding->column && finding->message[0]);
		require(finding->caret <= strlen(finding->source));
	}
	require(err ? error : !error);
	for (__u32 i = 0; !err && i < chains.chain_cnt; i++)
		check_chain(&chains, &chains.chains[i]);
	return 0;
}
