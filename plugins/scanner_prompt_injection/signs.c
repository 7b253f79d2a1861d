/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A few hundred phrases, looked for at each word of a window: a table by the first two letters keeps the number of
 * comparisons at a word near one.
 */
#include <stdlib.h>
#include <string.h>

#include "signs.h"

#define BUCKETS 1024

static const int weights[SIGN_KINDS] = {3, 2, 1, 2, 2, 2, 1, 1, 1, 1};

/* By kind, phrases separated by "|"; "*" for whatever may follow. */
static const struct {
    int kind;
    const char *phrases;
} lists[] = {
    {SIGN_NAME,
     "do anything now|jailbreak*|jailbroken|developer mode|dev mode|god mode|dan mode|evil confidant|machiavellian|"
     "opposite mode|betterdan|basedgpt|antigpt|as dan|like dan|dan would|named dan|called dan|dan can|unrestricted "
     "mode|nsfw mode"},
    {SIGN_LIMITS,
     "no restrict*|no limit*|no filter*|no rules|no ethical*|no moral*|no ethics|no censor*|no boundar*|no guidelines|"
     "any restrict*|any ethical|any moral*|any limit*|any rules|any guidelines|any filter*|any censor*|without "
     "restrict*|"
     "without limit*|without filter*|without censor*|without any|free of|free from|freed from|typical "
     "confines|confines of|"
     "abide by|bound by|unfiltered|uncensored|unrestricted|amoral|not restricted|not limited|not constrained|"
     "not follow|unbound|unethical|disregard*|bypass*|zero restrict*|all restrict*|all limit*|not care|"
     "restrictions and|limitations and|unlimited"},
    {SIGN_POLICY, "content policy|content policies|openai polic*|openais polic*|openais content|openai content|openais "
                  "rules|openai rules|"
                  "ethical guideline*|ethical or|or ethical|or moral|morals or|moral or|usage polic*|use "
                  "polic*|guidelines|policies|ethics|"
                  "legality|morality|morals|laws"},
    {SIGN_DUAL,
     "two responses|two answers|two different|two paragraphs|two ways|both responses|one normal|one as|normal chatgpt|"
     "standard chatgpt|original chatgpt|normal gpt|regular chatgpt|the tags|classic*|first response|second "
     "response|two separate|"
     "two personas|normally respond|two entities|two outputs"},
    {SIGN_CHARACTER,
     "in character|break character|of character|breaking character|your character|stay as|the character"},
    {SIGN_REFUSAL,
     "never refuse*|cannot refuse|cant refuse|not refuse|never say|never censor|not censor|no warning*|any warning*|"
     "no disclaimer*|any disclaimer*|as an ai|im sorry|i apologi*|i cannot|i cant|cant do|cannot do|say no|even if|"
     "never warn*|never decline|always comply|always answer*|any request*|any question*|anything i|whatever i|any "
     "prompt*|"
     "no matter|without question*|never apologi*|not comply|refuse*|without hesitat*"},
    {SIGN_PERSONA, "from now|act as|acting as|act like|pretend*|play the|role of|roleplay*|respond as|answer as|are "
                   "going|you are now|simulat*|"
                   "impersonat*|immerse|you will|hypothetical*|fictional*|persona|alter ego|imagine|your name|stands "
                   "for|named|called|"
                   "i want you|embody"},
    {SIGN_CONTRACT,
     "i will say|remind you|my first|first question|first prompt|first request|first command|insert prompt|if you "
     "understand|"
     "if you understood|confirm*|remember to|remember that|tokens|i will give|lets start|lets begin|my next|reply with|"
     "start with|always start|never forget|you must|must always|i ask you|i tell you|i say|prompt here|my prompt*|"
     "your response*|my question*|rules are|the rules|say ok"},
    {SIGN_SPEAKER, "chatgpt|openai|gpt|chat gpt|language model|gpt4|chatbot|ai|gpt3|ais|llm"},
    {SIGN_VICE,
     "illegal*|unethical|immoral|offensive|harmful|profan*|swear*|curse|cursing|evil|violent|violence|explicit*|nsfw|"
     "racis*|"
     "sexis*|derogatory|vulgar*|dangerous|inappropriate|controversial|politically incorrect|obscen*|hate*|criminal*|"
     "crime*|sexual*|slurs|toxic|rude|hacking|drugs|fuck*|shit|manipulat*|malicious|inhuman*|disturbing|lewd|erotic*|"
     "malware|murder|kill|torture|cruel"},
};

typedef struct phrase {
    const char *text;
    uint16_t size;
    uint16_t kind;
    int32_t next; /* in the same bucket; -1: none */
} phrase;

struct signs {
    int32_t buckets[BUCKETS];
    phrase phrases[];
};

static unsigned bucket_of(char first, char second)
{
    return ((unsigned char)first * 31U + (unsigned char)second) % BUCKETS;
}

static void insert(signs *made, int32_t index, int kind, const char *text, size_t size)
{
    unsigned bucket = bucket_of(text[0], size > 1 ? text[1] : ' ');

    made->phrases[index] = (phrase){text, (uint16_t)size, (uint16_t)kind, made->buckets[bucket]};
    made->buckets[bucket] = index;
}

/* The phrases of all lists; with `made` NULL they are only counted. */
static int32_t split(signs *made)
{
    int32_t count = 0;
    size_t i;

    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        const char *at = lists[i].phrases;

        while (*at) {
            size_t size = strcspn(at, "|");

            if (made) {
                insert(made, count, lists[i].kind, at, size);
            }
            count++;
            at += size + (at[size] == '|');
        }
    }
    return count;
}

signs *signs_create(void)
{
    signs *made = calloc(1, sizeof(*made) + (size_t)split(NULL) * sizeof(phrase));
    size_t i;

    if (made) {
        for (i = 0; i < BUCKETS; i++) {
            made->buckets[i] = -1;
        }
        split(made);
    }
    return made;
}

void signs_destroy(signs *made)
{
    free(made);
}

static int is_word(const word *read, const char *part, size_t size)
{
    int is_stem = part[size - 1] == '*';

    size -= (size_t)is_stem;
    return (is_stem ? read->length >= size : read->length == size) && memcmp(read->folded, part, size) == 0;
}

static int begins(const word *const *words, size_t count, const phrase *wanted)
{
    size_t at = 0, i;

    for (i = 0; at < wanted->size; i++) {
        const char *space = memchr(wanted->text + at, ' ', wanted->size - at);
        size_t size = space ? (size_t)(space - wanted->text) - at : wanted->size - at;

        if (i == count || !is_word(words[i], wanted->text + at, size)) {
            return 0;
        }
        at += size + 1;
    }
    return 1;
}

uint32_t signs_at(const signs *known, const word *const *words, size_t count)
{
    const word *first = words[0];
    uint32_t kinds = 0;
    int32_t i;

    if (!first->length) {
        return 0;
    }
    i = known->buckets[bucket_of(first->folded[0], first->length > 1 ? first->folded[1] : ' ')];
    for (; i >= 0; i = known->phrases[i].next) {
        if (!(kinds & 1U << known->phrases[i].kind) && begins(words, count, &known->phrases[i])) {
            kinds |= 1U << known->phrases[i].kind;
        }
    }
    return kinds;
}

int signs_weight(uint32_t kinds)
{
    int sum = 0, i;

    for (i = 0; i < SIGN_KINDS; i++) {
        sum += kinds & 1U << i ? weights[i] : 0;
    }
    return sum;
}
