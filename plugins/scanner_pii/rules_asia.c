/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Numbers of states in Asia, Africa and Oceania. */
#include "check.h"
#include "scan_text.h"
#include "scheme.h"

#define DIGIT(C) ((unsigned)((C) - '0'))

/* ---------------------------------------------------------------- Australia */

static int au_tfn(const char *c, size_t n)
{
    return !check_uniform(c, n) && check_sum(c, "\1\4\3\7\5\10\6\11\12", 9) % 11 == 0;
}
static int au_abn(const char *c, size_t n)
{
    return c[0] != '0' && (check_sum(c, "\12\1\3\5\7\11\13\15\17\21\23", n) - 10) % 89 == 0;
}
static int au_acn(const char *c, size_t n)
{
    return !check_uniform(c, n) && (10 - check_sum(c, "\10\7\6\5\4\3\2\1", 8) % 10) % 10 == DIGIT(c[8]);
}
static int au_medicare(const char *c, size_t n)
{
    (void)n;
    return c[0] >= '2' && c[0] <= '6' && c[9] != '0' && check_sum(c, "\1\3\7\11\1\3\7\11", 8) % 10 == DIGIT(c[8]);
}
static const scheme au_tfns[] = {{"ddddddddd", " ", au_tfn, 0}};
static const scheme au_abns[] = {{"ddddddddddd", " ", au_abn, 0}};
static const scheme au_acns[] = {{"ddddddddd", " ", au_acn, 1}};
static const scheme au_medicares[] = {{"dddddddddd", " ", au_medicare, 1}};

/* ---------------------------------------------------------------- China, India, Israel, Japan */

static int cn_id(const char *c, size_t n)
{
    unsigned sum = check_sum(c, "\7\11\12\5\10\4\2\1\6\3\7\11\12\5\10\4\2", 17) % 11;
    size_t i;

    for (i = 0; i < n - 1; i++) {
        if (!text_digit(c[i])) {
            return 0;
        }
    }
    return check_date(check_number(c + 6, 4), check_number(c + 10, 2), check_number(c + 12, 2)) &&
           "10X98765432"[sum] == c[17];
}
static const scheme cn[] = {{"dddddddddddddddddx", "", cn_id, 1}};

static int in_aadhaar(const char *c, size_t n)
{
    size_t i;

    for (i = 0; i < n / 2 && c[i] == c[n - 1 - i]; i++) {
    }
    return c[0] >= '2' && i < n / 2 && check_verhoeff(c, n);
}
/* The fourth letter says what the holder is: P for a person. */
static int in_pan(const char *c, size_t n)
{
    static const char holders[] = "ABCFGHLJPTKE";
    size_t i;

    (void)n;
    for (i = 0; holders[i] && holders[i] != c[3]; i++) {
    }
    return holders[i] != '\0';
}
static int in_gstin(const char *c, size_t n)
{
    unsigned state = check_number(c, 2);

    (void)n;
    return state >= 1 && state <= 37 && c[12] != '0';
}
static const scheme in_aadhaars[] = {{"dddddddddddd", " -:", in_aadhaar, 1}};
static const scheme in_pans[] = {{"AAAAAddddA", "", in_pan, 0}, {"AAAAAddddA", "", NULL, 2}};
static const scheme in_gstins[] = {{"ddAAAAAddddAxZx", "", in_gstin, 0}};

static int il_id(const char *c, size_t n)
{
    return !check_uniform(c, n) && check_luhn(c, n);
}
static const scheme il[] = {{"ddddddddd", "-", il_id, 0}};

static int jp_number(const char *c, size_t n)
{
    unsigned remainder = check_sum(c, "\6\5\4\3\2\7\6\5\4\3\2", 11) % 11;

    return !check_uniform(c, n) && (remainder < 2 ? 0 : 11 - remainder) == DIGIT(c[11]);
}
static const scheme jp[] = {{"dddddddddddd", " -", jp_number, 0}};

/* ---------------------------------------------------------------- Korea, Singapore, Thailand, South Africa */

/* Numbers given since October 2020 have no check digit: the date and the digit for sex and century must do. */
static int kr_resident(const char *c, size_t n)
{
    (void)n;
    return check_yymmdd(c) && c[6] >= '1' && c[6] <= '8';
}
/* By itself, one that could as well be South African must have the check digit of the older numbers: of residents, or of foreigners. */
static int kr_resident_alone(const char *c, size_t n)
{
    unsigned sum = check_sum(c, "\2\3\4\5\6\7\10\11\2\3\4\5", 12) % 11;

    return kr_resident(c, n) && (c[10] > '2' || (11 - sum) % 10 == DIGIT(c[12]) || (13 - sum) % 10 == DIGIT(c[12]));
}
static int kr_business(const char *c, size_t n)
{
    unsigned sum = check_sum(c, "\1\3\7\1\3\7\1\3\5", 9) + DIGIT(c[8]) * 5 / 10;

    return !check_uniform(c, n) && (10 - sum % 10) % 10 == DIGIT(c[9]);
}
static const scheme kr_residents[] = {{"ddddddddddddd", "-", kr_resident, 0},
                                      {"ddddddddddddd", "-", kr_resident_alone, 2}};
static const scheme kr_businesses[] = {{"dddddddddd", "-", kr_business, 1}};

static int sg_nric(const char *c, size_t n)
{
    static const char citizen[] = "JZIHGFEDCBA", foreigner[] = "XWUTRQPNMLK", m_series[] = "XWUTRQPNJLK";
    unsigned sum = check_sum(c + 1, "\2\7\6\5\4\3\2", 7);

    (void)n;
    switch (c[0]) {
    case 'S':
        return citizen[sum % 11] == c[8];
    case 'T':
        return citizen[(sum + 4) % 11] == c[8];
    case 'F':
        return foreigner[sum % 11] == c[8];
    case 'G':
        return foreigner[(sum + 4) % 11] == c[8];
    case 'M':
        return m_series[(sum + 3) % 11] == c[8];
    default:
        return 0;
    }
}
static int sg_local(const char *c, size_t n)
{
    (void)n;
    return check_number(c, 4) >= 1900 && check_number(c, 4) < 2100 &&
           "ZKCMDNERGWH"[check_sum(c, "\12\10\6\4\11\7\5\3\1", 9) % 11] == c[9];
}
static unsigned sg_value(char c)
{
    static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWX0123456789";
    unsigned i;

    for (i = 0; alphabet[i] && alphabet[i] != c; i++) {
    }
    return i;
}
static int sg_other(const char *c, size_t n)
{
    static const unsigned weights[] = {4, 3, 5, 3, 10, 2, 2, 5, 7};
    unsigned sum = 0;
    size_t i;

    (void)n;
    for (i = 0; i < 9; i++) {
        sum += weights[i] * sg_value(c[i]);
    }
    return c[0] >= 'R' && c[0] <= 'T' && sg_value(c[9]) == (sum + 6) % 11; /* 5 less, modulo 11 */
}
static const scheme sg_nrics[] = {{"AdddddddA", "", sg_nric, 1}};
static const scheme sg_uens[] = {{"dddddddddA", "", sg_local, 1}, {"AddAAddddA", "", sg_other, 1}};

static int th_id(const char *c, size_t n)
{
    /* Ranges of provinces' numbers: first and last of each. */
    static const unsigned char provinces[][2] = {{10, 27}, {30, 49}, {50, 58}, {60, 67}, {70, 77}, {80, 86}, {90, 96}};
    unsigned province = check_number(c + 1, 2), sum = check_sum(c, "\15\14\13\12\11\10\7\6\5\4\3\2", 12);
    size_t i;

    (void)n;
    for (i = 0; i < sizeof(provinces) / sizeof(provinces[0]); i++) {
        if (province >= provinces[i][0] && province <= provinces[i][1]) {
            return c[0] >= '1' && c[0] <= '8' && (11 - sum % 11) % 10 == DIGIT(c[12]);
        }
    }
    return 0;
}
static const scheme th[] = {{"ddddddddddddd", "- ", th_id, 1}};

static int za_id(const char *c, size_t n)
{
    return check_yymmdd(c) && c[10] <= '2' && check_luhn(c, n);
}
static const scheme za[] = {{"ddddddddddddd", " ", za_id, 1}};

static const rule rules[] = {
    ID("au_tfn", HIGH, WORD("tfn") "|tax file", au_tfns),
    ID("au_abn", LOW, WORD("abn") "|australian business", au_abns),
    ID("au_acn", LOW, WORD("acn") "|australian company", au_acns),
    ID("au_medicare", HIGH, "medicare", au_medicares),
    ID("cn_identity", HIGH, "[1-9]" D "{5}(?:19|20)" D "{2}[01]" D "[0-3]" D "{4}[0-9x]\\b", cn),
    ID("in_aadhaar", HIGH, "[2-9]" D "{3}[ :-]" D "{4}[ :-]" D "{4}\\b|aadhaa?r|" WORD("uidai"), in_aadhaars),
    ID_BACK("in_pan", HIGH, D "{4}[a-z]\\b", in_pans, 5),
    ID("in_gstin", MEDIUM, "[0-3]" D "[a-z]{5}" D "{4}[a-z][1-9a-z]z[0-9a-z]\\b", in_gstins),
    ID("il_identity", HIGH, "teudat zehut|mispar zehut|\xd7\x96\xd7\x94\xd7\x95\xd7\xaa|israeli id", il),
    ID("jp_my_number", HIGH, "my ?number|\xe3\x83\x9e\xe3\x82\xa4\xe3\x83\x8a\xe3\x83\xb3\xe3\x83\x90\xe3\x83\xbc", jp),
    ID("kr_resident", HIGH,
       D "{2}[01]" D "[0-3]" D "-[1-8]" D "{6}\\b|" WORD("rrn|frn") "|resident registration|\xec\xa3\xbc\xeb\xaf\xbc",
       kr_residents),
    ID("kr_business", LOW, D "{3}-" D "{2}-" D "{5}\\b|" WORD("brn"), kr_businesses),
    ID_BACK("sg_nric", HIGH, D "{7}[a-z]\\b", sg_nrics, 1),
    ID("sg_uen", LOW, WORD("uen"), sg_uens),
    ID("th_identity", HIGH,
       WORD("tnin") "|thai (?:national "
                    ")?id|"
                    "\xe0\xb8\x9a\xe0\xb8\xb1\xe0\xb8\x95\xe0\xb8\xa3\xe0\xb8\x9b\xe0\xb8\xa3\xe0\xb8\xb0\xe0\xb8\x8a"
                    "\xe0\xb8\xb2\xe0\xb8\x8a\xe0\xb8\x99",
       th),
    ID("za_identity", HIGH, "south african id|" WORD("rsa id|sa id|za id"), za),
};

const rule_table rules_asia = TABLE(rules);
