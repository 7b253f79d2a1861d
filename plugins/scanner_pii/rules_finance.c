/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Cards, accounts and wallets. A card must be of a network's range and of a length that the network uses; an account
 * must have the length of its country: mod 97 and Luhn alone let one number in 97 or 10 pass.
 *
 * The patterns ask for a character that is no digit before a long run, since without it each further digit of a
 * time in nanoseconds would be a candidate. ("\\b" would do, too, at twice the cost of the whole database.)
 */
#include "check.h"
#include "scan_text.h"
#include "scheme.h"

/* ---------------------------------------------------------------- cards */

#define LENGTH(N) (1U << (N))

static const struct {
    unsigned first, last; /* of the first six digits */
    unsigned lengths;
} networks[] = {
    {222100, 272099, LENGTH(16)},              /* Mastercard */
    {300000, 305999, LENGTH(14) | LENGTH(16)}, /* Diners Club */
    {309500, 309599, LENGTH(14)},
    {340000, 349999, LENGTH(15)}, /* American Express */
    {352800, 358999, LENGTH(16)}, /* JCB */
    {360000, 369999, LENGTH(14)}, /* Diners Club */
    {370000, 379999, LENGTH(15)}, /* American Express */
    {380000, 399999, LENGTH(14) | LENGTH(16)},
    {400000, 499999, LENGTH(13) | LENGTH(16) | LENGTH(19)},              /* Visa */
    {500000, 509999, LENGTH(16) | LENGTH(18) | LENGTH(19)},              /* Maestro, Elo */
    {510000, 559999, LENGTH(16)},                                        /* Mastercard */
    {560000, 589999, LENGTH(16) | LENGTH(18) | LENGTH(19)},              /* Maestro */
    {601100, 601199, LENGTH(16) | LENGTH(19)},                           /* Discover */
    {620000, 629999, LENGTH(16) | LENGTH(17) | LENGTH(18) | LENGTH(19)}, /* UnionPay */
    {630000, 639999, LENGTH(16) | LENGTH(18) | LENGTH(19)},              /* Maestro, Instapayment */
    {640000, 659999, LENGTH(16) | LENGTH(19)},                           /* Discover, RuPay */
    {670000, 679999, LENGTH(16) | LENGTH(18) | LENGTH(19)},              /* Maestro */
    {810000, 829999, LENGTH(16)},                                        /* RuPay */
    {979200, 979299, LENGTH(16)},                                        /* Troy */
};

static int is_card(const char *digits, size_t count)
{
    unsigned number = check_number(digits, 6);
    size_t i;

    for (i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
        if (number >= networks[i].first && number <= networks[i].last && (networks[i].lengths & LENGTH(count))) {
            return check_luhn(digits, count) && !check_uniform(digits + 1, count - 1);
        }
    }
    return 0;
}

/* Groups are of two digits or more (the last may be one), and one separator is used for all. */
static int32_t verify_card(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    size_t at = candidate->from, count = 0, to = 0;
    char digits[20], used = '\0';

    (void)self;
    at += !text_digit(text->data[at]); /* what the pattern has before a number that it does not part */
    finding->from = at;
    if (!text_begins(text, at)) {
        return 0;
    }
    while (count < 20) {
        char c = text_at(text, at);

        if ((c == ' ' || c == '-') && count >= 4 && text_digit(text_at(text, at + 1)) && (!used || used == c)) {
            used = c;
            c = text_at(text, ++at);
        }
        if (!text_digit(c)) {
            break;
        }
        digits[count++] = c;
        at++;
        if (count >= 13 && count < 20 && text_ends(text, at) && is_card(digits, count) &&
            !(used == ' ' && text_continues(text, finding->from, at))) {
            to = at;
        }
    }
    finding->to = to;
    return to != 0;
}

/* ---------------------------------------------------------------- accounts */

/* Countries of the IBAN registry, and others that use its form, with the length of the whole. */
static const struct {
    char country[3];
    unsigned char length;
} accounts[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AO", 25}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BF", 28},
    {"BG", 22}, {"BH", 22}, {"BI", 27}, {"BJ", 28}, {"BR", 29}, {"BY", 28}, {"CF", 27}, {"CG", 27}, {"CH", 21},
    {"CI", 28}, {"CM", 27}, {"CR", 22}, {"CV", 25}, {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DJ", 27}, {"DK", 18},
    {"DO", 28}, {"DZ", 26}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FK", 18}, {"FO", 18}, {"FR", 27},
    {"GA", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GQ", 27}, {"GR", 27}, {"GT", 28}, {"GW", 25},
    {"HN", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IR", 26}, {"IS", 26}, {"IT", 27},
    {"JO", 30}, {"KM", 27}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20},
    {"LV", 21}, {"LY", 25}, {"MA", 28}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MG", 27}, {"MK", 19}, {"ML", 28},
    {"MN", 20}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"MZ", 25}, {"NE", 28}, {"NI", 28}, {"NL", 18}, {"NO", 15},
    {"OM", 23}, {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33},
    {"SA", 24}, {"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SN", 28}, {"SO", 23},
    {"ST", 25}, {"SV", 28}, {"TD", 27}, {"TG", 28}, {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22},
    {"VG", 24}, {"XK", 20}, {"YE", 30},
};

static size_t account_length(char a, char b)
{
    size_t i;

    for (i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++) {
        if (accounts[i].country[0] == a && accounts[i].country[1] == b) {
            return accounts[i].length;
        }
    }
    return 0;
}

static int32_t verify_iban(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    size_t at = candidate->from, count = 0, length, letters;
    int small = 0, capital = 0;
    char compact[36];

    (void)self;
    /* The shapes begin on the digits, on the letter before them, or with the country. */
    letters = text_digit(text->data[at]) ? 2 : text_digit(text_at(text, at + 1)) ? 1 : 0;
    at -= letters;
    length = account_length(text_capital(text_at(text, at)), text_capital(text_at(text, at + 1)));
    if (candidate->from < letters || length == 0 || text_alnum(text_at(text, at - 1))) {
        return 0;
    }
    while (count < length) {
        char c = text_at(text, at);

        if (count && (c == ' ' || c == '-' || c == '.') && text_alnum(text_at(text, at + 1))) {
            c = text_at(text, ++at);
        }
        if (!text_alnum(c)) {
            return 0;
        }
        small |= c >= 'a';
        capital |= c >= 'A' && c <= 'Z';
        compact[count++] = text_capital(c);
        at++;
    }
    finding->from = candidate->from - letters;
    finding->to = at;
    return !(small && capital) && !text_alnum(text_at(text, at)) &&
           check_mod97(check_mod97(0, compact + 4, length - 4), compact, 4) == 1;
}

static int us_routing(const char *c, size_t n)
{
    unsigned district = check_number(c, 2);

    (void)n;
    return (district <= 12 || (district >= 21 && district <= 32) || (district >= 61 && district <= 72) ||
            district == 80) &&
           !check_uniform(c, 9) && check_sum(c, "\3\7\1\3\7\1\3\7\1", 9) % 10 == 0;
}
static int us_routing_grouped(const char *c, size_t n)
{
    char digits[9];
    size_t i;

    (void)n;
    for (i = 0; i < 9; i++) {
        digits[i] = c[i + i / 4];
    }
    return us_routing(digits, 9);
}
static const scheme us_routings[] = {{"ddddddddd", "", us_routing, 1}, {"dddd-dddd-d", "", us_routing_grouped, 1}};

/* ---------------------------------------------------------------- wallets */

static uint32_t bech32_value(char c)
{
    static const char charset[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    uint32_t value = 0;

    c = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    while (charset[value] && charset[value] != c) {
        value++;
    }
    return value; /* 32: none */
}

static uint32_t bech32_step(uint32_t sum, uint32_t value)
{
    static const uint32_t generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    uint32_t top = sum >> 25, bit;

    sum = (sum & 0x1ffffff) << 5 ^ value;
    for (bit = 0; bit < 5; bit++) {
        sum ^= top >> bit & 1 ? generator[bit] : 0;
    }
    return sum;
}

/* BIP 173 and BIP 350: the polynomial over the human readable part "bc", expanded, and the data. */
static int32_t verify_bech32(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    static const unsigned char prefix[] = {3, 3, 0, 2, 3};
    const uapi_string *text = &candidate->text;
    size_t at = candidate->from + 3, i;
    uint32_t sum = 1, value;

    (void)self;
    for (i = 0; i < sizeof(prefix); i++) {
        sum = bech32_step(sum, prefix[i]);
    }
    for (i = 0; i < 87 && (value = bech32_value(text_at(text, at))) < 32; i++, at++) {
        sum = bech32_step(sum, value);
    }
    finding->to = at;
    return text_begins(text, candidate->from) && text_ends(text, at) && (sum == 1 || sum == 0x2bc830a3);
}

static const rule rules[] = {
    RULE("card", HIGH,
         "[^0-9][2-689]" D "{12}|^[2-689]" D "{12}|" D "{4}[ -]" D "{4}[ -]" D "{4}[ -]" D "|3" D "{3}[ -]" D
         "{6}[ -]" D "{4}",
         verify_card),
    RULE("iban", HIGH,
         "[^0-9:]" D "{2}[0-9a-z]{4}" D "{8}|no" D "{13}|kz" D "{5}[0-9a-z]{13}|ro" D "{2}[a-z]{4}[0-9a-z]{8}|" D
         "{2}[ .-][0-9a-z]{4}[ .-][0-9a-z]{4}[ .-]",
         verify_iban),
    ID("us_routing", LOW, "routing n|routing_n|routing transit|" WORD("aba|rtn"), us_routings),
    RULE("bitcoin", LOW, "bc1[02-9ac-hj-np-z]{11}", verify_bech32),
};

const rule_table rules_finance = TABLE(rules);
