/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Numbers of American states. */
#include "check.h"
#include "scan_text.h"
#include "scheme.h"

#define DIGIT(C) ((unsigned)((C) - '0'))

/* ---------------------------------------------------------------- the United States, Canada */

/* Numbers that were printed on sample cards belong to nobody, and 123456789 is what documents write. */
static int us_ssn(const char *c, size_t n)
{
    static const unsigned nobody[] = {78051120,  219099999, 123456789, 111111111,
                                      333333333, 555555555, 777777777, 987654321};
    unsigned area = check_number(c, 3), whole = check_number(c, n);
    size_t i;

    for (i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++) {
        if (whole == nobody[i]) {
            return 0;
        }
    }
    return area != 0 && area != 666 && area < 900 && check_number(c + 3, 2) != 0 && check_number(c + 5, 4) != 0;
}
static int us_itin(const char *c, size_t n)
{
    unsigned group = check_number(c + 3, 2);

    (void)n;
    return c[0] == '9' && group >= 50 && group != 89 && group != 93 && (group <= 65 || group >= 70);
}
static int us_npi(const char *c, size_t n)
{
    char whole[15] = "80840";
    size_t i;

    for (i = 0; i < n; i++) {
        whole[5 + i] = c[i];
    }
    return c[0] == '1' && check_luhn(whole, 15);
}
static int us_mbi(const char *c, size_t n)
{
    static const char shape[] = "1Axd"
                                "Axd"
                                "AAdd"; /* x: a letter or a digit */
    size_t i;

    for (i = 0; i < n; i++) {
        static const char never[] = "SLOIBZ";
        size_t j;

        for (j = 0; never[j] && never[j] != c[i]; j++) {
        }
        if (never[j] || (shape[i] == 'A' && !text_letter(c[i])) || (shape[i] == 'd' && !text_digit(c[i]))) {
            return 0;
        }
    }
    return c[0] >= '1' && c[0] <= '9';
}
static const scheme us_ssns[] = {{"ddddddddd", "-. ", us_ssn, 0}};
static const scheme us_itins[] = {{"ddddddddd", "- ", us_itin, 1}};
static const scheme us_npis[] = {{"dddddddddd", "- ", us_npi, 1}};
static const scheme us_mbis[] = {{"dAxdAxdAAdd", "-", us_mbi, 0}};

static int ca_sin(const char *c, size_t n)
{
    return c[0] != '0' && c[0] != '8' && !check_uniform(c, n) && check_luhn(c, n);
}
static const scheme ca_sins[] = {{"ddddddddd", "- ", ca_sin, 3}};

/* ---------------------------------------------------------------- Latin America */

static int br_check(const char *c, size_t n, const char *weights)
{
    unsigned remainder = check_sum(c, weights, n) % 11;

    return (remainder < 2 ? 0 : 11 - remainder) == DIGIT(c[n]);
}
static int br_cpf(const char *c, size_t n)
{
    return !check_uniform(c, n) && br_check(c, 9, "\12\11\10\7\6\5\4\3\2") &&
           br_check(c, 10, "\13\12\11\10\7\6\5\4\3\2");
}
static int br_cnpj(const char *c, size_t n)
{
    return !check_uniform(c, n) && br_check(c, 12, "\5\4\3\2\11\10\7\6\5\4\3\2") &&
           br_check(c, 13, "\6\5\4\3\2\11\10\7\6\5\4\3\2");
}
static const scheme br_cpfs[] = {{"ddddddddddd", "*.- ", br_cpf, 0}};
static const scheme br_cnpjs[] = {{"dddddddddddddd", "*.-/", br_cnpj, 0}};

static int ar_cuit(const char *c, size_t n)
{
    (void)n;
    return (11 - check_sum(c, "\5\4\3\2\7\6\5\4\3\2", 10) % 11) % 11 == DIGIT(c[10]);
}
static const scheme ar[] = {{"ddddddddddd", "-", ar_cuit, 0}};

static int cl_rut(const char *c, size_t n)
{
    unsigned sum = 0, weight = 2;
    size_t i;

    for (i = n - 1; i-- > 0; weight = weight == 7 ? 2 : weight + 1) {
        sum += DIGIT(c[i]) * weight;
    }
    return "0K987654321"[sum % 11] == c[n - 1];
}
static const scheme cl[] = {{"ddddddddx", "*.-", cl_rut, 0}, {"dddddddx", "*.-", cl_rut, 0}};

static int mx_curp(const char *c, size_t n)
{
    unsigned sum = 0;
    size_t i;

    for (i = 0; i < n - 1; i++) {
        unsigned value = text_digit(c[i]) ? DIGIT(c[i]) : (unsigned)(c[i] - 'A') + 10;

        sum += (value >= 24 ? value + 1 : value) * (unsigned)(18 - i); /* the alphabet has an N with a tilde after N */
    }
    return check_yymmdd(c + 4) && (c[10] == 'H' || c[10] == 'M' || c[10] == 'X') &&
           (10 - sum % 10) % 10 == DIGIT(c[17]);
}
static const scheme mx[] = {{"AAAAddddddAAAAAAxd", "", mx_curp, 0}};

static const rule rules[] = {
    ID("us_ssn", HIGH,
       D "{3}[-. ]" D "{2}[-. ]" D "{4}\\b|social.?security|"
         "ssn",
       us_ssns),
    ID("us_itin", HIGH, "9" D "{2}[- ]" D "{2}[- ]" D "{4}\\b|" WORD("itin"), us_itins),
    ID("us_npi", LOW, WORD("npi") "|national provider", us_npis),
    ID("us_medicare", HIGH,
       "[1-9][a-z][0-9a-z]" D "-[a-z][0-9a-z]" D "-[a-z]{2}" D "{2}\\b|[1-9][a-z][0-9a-z]" D "[a-z][0-9a-z]" D
       "[a-z]{2}" D "{2}\\b",
       us_mbis),
    ID("ca_sin", HIGH, "[1-79]" D "{2}-" D "{3}-" D "{3}\\b|social insurance|assurance sociale|" WORD("sin|nas"),
       ca_sins),
    ID("br_cpf", HIGH, D "{3}\\." D "{3}\\." D "{3}-" D "{2}\\b|" WORD("cpf"), br_cpfs),
    ID("br_cnpj", LOW, D "{2}\\." D "{3}\\." D "{3}/" D "{4}-" D "{2}\\b|" WORD("cnpj"), br_cnpjs),
    ID("ar_cuit", HIGH, "[23]" D "-" D "{8}-" D "\\b|" WORD("cuit|cuil"), ar),
    ID("cl_rut", HIGH, D "\\." D "{3}\\." D "{3}-[0-9k]\\b|" WORD("rut"), cl),
    ID_BACK("mx_curp", HIGH, D "{6}[hmx][a-z]{5}[0-9a-z]" D "\\b", mx, 4),
};

const rule_table rules_america = TABLE(rules);
