/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Providers of models, and the tools around them.
 */
#include "rule.h"
#include "value.h"

#define LONGEST_TAIL 256

/* The mark stands in the middle; what comes before it must lead back to "sk-". */
static int32_t verify_openai(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *text = candidate->text.data;
    size_t run = value_run_back(text + candidate->from, candidate->from < 160 ? candidate->from : 160, C_URLSAFE);
    size_t from = candidate->from - run, left = candidate->text.length - candidate->to;

    left = left < LONGEST_TAIL ? left
                               : LONGEST_TAIL; /* or a text that is full of marks takes the square of its length */
    while (from < candidate->from && !(text[from] == 's' && text[from + 1] == 'k' && text[from + 2] == '-')) {
        from++;
    }
    finding->from = from;
    finding->to = candidate->to + value_run(text + candidate->to, left, self->tail);
    return from + 3 < candidate->from && value_longest_repeat(text + from, finding->to - from) < 8;
}

/* Letters only, as in an identifier: the words of one give it away. */
static int32_t verify_letters(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    if (!rule_verify_token(self, candidate, finding)) {
        return 0;
    }
    return !value_is_wordy(candidate->text.data + finding->from + self->skip, finding->to - finding->from - self->skip);
}

static const rule rules[] = {
    RULE("openai_key", CRITICAL, 0, "T3BlbkFJ" URLSAFE_ "{18}", verify_openai, .tail = C_URLSAFE),
    TOKEN("sk_key", HIGH, "sk-" ALNUM_ "{32}", .tail = C_WORD, .longest = 64, .skip = 3, .entropy = 33, .digits = 4),
    TOKEN("anthropic_key", CRITICAL, "sk-ant-[0-9a-z]{3,8}-" URLSAFE_ "{80}", .tail = C_URLSAFE, .longest = 140,
          .skip = 13, .entropy = 35),
    TOKEN("openrouter_key", CRITICAL, "sk-or-v1-" HEX_ "{64}", .tail = C_WORD, .longest = 73),
    RULE("huggingface_token", HIGH, 0, "hf_" ALNUM_ "{34}", verify_letters, .tail = C_WORD, .longest = 40, .skip = 3,
         .entropy = 35),
    RULE("huggingface_org_token", HIGH, 0, "api_org_" ALNUM_ "{34}", verify_letters, .tail = C_WORD, .longest = 42,
         .skip = 8, .entropy = 35),
    TOKEN("groq_key", HIGH, "gsk_" ALNUM_ "{48}", .tail = C_WORD, .longest = 60, .skip = 4, .entropy = 35),
    TOKEN("replicate_token", HIGH, "r8_" URLSAFE_ "{37}", .tail = C_URLSAFE, .longest = 40, .skip = 3, .entropy = 35),
    TOKEN("perplexity_key", HIGH, "pplx-" ALNUM_ "{48}", .tail = C_WORD, .longest = 53, .skip = 5, .entropy = 35),
    TOKEN("xai_key", HIGH, "xai-" ALNUM_ "{70}", .tail = C_WORD, .longest = 90, .skip = 4, .entropy = 40),
    TOKEN("tavily_key", HIGH, "tvly-[0-9A-Za-z-]{32}", .tail = C_URLSAFE, .longest = 60, .skip = 5, .entropy = 33),
    TOKEN("langsmith_key", HIGH, "lsv2_[a-z]{2}_" HEX_ "{32}", .tail = C_WORD, .longest = 60),
    TOKEN("langfuse_key", HIGH, "sk-lf-" UUID_, .tail = C_WORD, .longest = 42),
    TOKEN("pinecone_key", HIGH, "pcsk_" WORD_ "{60}", .tail = C_WORD, .longest = 80, .skip = 5, .entropy = 38),
    TOKEN("nvidia_key", HIGH, "nvapi-" URLSAFE_ "{60}", .tail = C_URLSAFE, .longest = 80, .skip = 6, .entropy = 38),
    TOKEN("cerebras_key", HIGH, "csk-[0-9a-z]{48}", .tail = C_WORD, .longest = 60, .skip = 4, .entropy = 33),
    TOKEN("fireworks_key", HIGH, "fw_" ALNUM_ "{22}", .tail = C_WORD, .longest = 28, .skip = 3, .entropy = 36,
          .digits = 2),
    TOKEN("elevenlabs_key", HIGH, "sk_" HEX_ "{48}", .tail = C_WORD, .longest = 51),
    TOKEN("firecrawl_key", HIGH, "fc-" HEX_ "{32}", .tail = C_WORD, .longest = 35),
    TOKEN("e2b_key", HIGH, "e2b_" HEX_ "{40}", .tail = C_WORD, .longest = 44),
    TOKEN("jina_key", HIGH, "jina_" HEX_ "{32}", .tail = C_URLSAFE, .longest = 80),
    TOKEN("voyage_key", HIGH, "pa-" URLSAFE_ "{43}", .tail = C_URLSAFE, .longest = 46, .skip = 3, .entropy = 42,
          .digits = 3),
};

const rule_table rules_ai = TABLE(rules);
