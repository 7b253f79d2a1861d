/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What the helper of an isolated scanner said. Its judgements are held to the same as those of a verifier in the server: a
 * range or rule that is none gives way to the candidate's; its reports go through the same sink, for which one that does not
 * exist breaks the contract. `why` lies in the answer's copy, which lives as long as the findings.
 */
#include "firewall_internal.h"

static uapi_finding finding_of(const uapi_isolation_finding *said)
{
    return (uapi_finding){
        .size = sizeof(uapi_finding),
        .severity = said->severity,
        .from = (size_t)said->from,
        .to = (size_t)said->to,
        .rule = said->rule,
        .why = said->has_why ? said->why : NULL,
    };
}

static void take_judgement(const uapi_firewall_taker *taker, const uapi_isolation_candidate *candidate,
                           const uapi_isolation_finding *said)
{
    uapi_finding finding = finding_of(said);

    if (finding.from >= finding.to || finding.to > taker->end) {
        finding.from = candidate->from;
        finding.to = candidate->to;
    }
    if (finding.rule >= taker->scanner->rule_count) {
        finding.rule = candidate->rule;
    }
    uapi_firewall_collect(taker->found, taker->scanner->first_rule + finding.rule, &finding);
}

void uapi_firewall_take_answer(uapi_firewall_taker *taker, const uapi_isolation_text *asked,
                               const uapi_isolation_answer *answer)
{
    const uapi_sink sink = uapi_firewall_sink(taker);
    int refused = 0;
    uint32_t i;

    if (answer->status == UAPI_ISOLATION_OVERLOAD) {
        taker->report->overload |= UAPI_FIREWALL_TOO_MUCH;
    }
    for (i = 0; i < answer->count && !refused; i++) {
        const uapi_isolation_finding *said = &answer->findings[i];

        if (said->candidate == UAPI_ISOLATION_REPORTED) {
            const uapi_finding finding = finding_of(said);

            refused = sink.report(&sink, &finding) != 0;
        } else { /* one of those that were asked about: the answer was checked for it */
            take_judgement(taker, &asked->candidates[said->candidate], said);
        }
    }
}
