/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Numbers of European states, each with the check that its issuer publishes. A shape is looked for by itself only where
 * it is seldom anything else; plain runs of digits need a word beside them.
 */
#include "check.h"
#include "scan_text.h"
#include "scheme.h"

#define DIGIT(C) ((unsigned)((C) - '0'))

/* ---------------------------------------------------------------- Austria, Belgium, Bulgaria */

static int at_svnr(const char *c, size_t n)
{
    unsigned sum = check_sum(c, "\3\7\11", 3) + check_sum(c + 4, "\5\10\4\2\1\6", 6);

    (void)n;
    return c[0] != '0' && sum % 11 == DIGIT(c[3]) && check_number(c + 6, 2) <= 15 && check_number(c + 4, 2) <= 31;
}
static const scheme at[] = {{"dddddddddd", " ", at_svnr, 0}};

static int be_nrn(const char *c, size_t n)
{
    unsigned number = check_mod97(0, c, 9), check = check_number(c + 9, 2), month = check_number(c + 2, 2);

    (void)n;
    /* Those born from 2000 on have a 2 put before the nine digits. */
    return month % 20 <= 12 && check_number(c + 4, 2) <= 31 &&
           (97 - number == check || 97 - check_mod97(2, c, 9) == check);
}
static const scheme be[] = {{"ddddddddddd", "*.- ", be_nrn, 0}};

static int bg_egn(const char *c, size_t n)
{
    unsigned month = check_number(c + 2, 2) % 20;

    (void)n;
    return month >= 1 && month <= 12 && check_number(c + 4, 2) - 1 < 31 &&
           check_sum(c, "\2\4\10\5\12\11\7\3\6", 9) % 11 % 10 == DIGIT(c[9]);
}
static const scheme bg[] = {{"dddddddddd", "", bg_egn, 0}};

/* ---------------------------------------------------------------- Switzerland, Czechia, Germany */

static int ch_ahv(const char *c, size_t n)
{
    (void)n;
    return (10 - check_sum(c, "\1\3\1\3\1\3\1\3\1\3\1\3", 12) % 10) % 10 == DIGIT(c[12]);
}
static const scheme ch[] = {{"756dddddddddd", ". ", ch_ahv, 1}};

static int cz_rc(const char *c, size_t n)
{
    unsigned month = check_number(c + 2, 2) % 50 % 20, remainder = check_number(c, 9) % 11 % 10;

    (void)n;
    return month >= 1 && month <= 12 && check_number(c + 4, 2) - 1 < 31 && remainder == DIGIT(c[9]);
}
static const scheme cz[] = {{"dddddddddd", "/", cz_rc, 0}};

/* Of the first ten digits one comes twice or thrice, and no other more than once. */
static int de_tax(const char *c, size_t n)
{
    unsigned counts[10] = {0}, i, repeated = 0;

    for (i = 0; i < 10; i++) {
        counts[DIGIT(c[i])]++;
    }
    for (i = 0; i < 10; i++) {
        if (counts[i] > 3) {
            return 0;
        }
        repeated += counts[i] > 1;
    }
    return c[0] != '0' && repeated <= 1 && check_mod11_10(c, n);
}
static const scheme de_taxes[] = {{"ddddddddddd", " ", de_tax, 1}};

static int is_document_letter(char c)
{
    static const char letters[] = "CFGHJKLMNPRTVWXYZ0123456789";
    size_t i;

    for (i = 0; letters[i] && letters[i] != c; i++) {
    }
    return letters[i] != '\0';
}

/* The check digit is the tenth character, or, as many forms print it, the ninth. */
static int de_document(const char *c, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (!is_document_letter(c[i])) {
            return 0;
        }
    }
    return text_letter(c[0]) && check_icao(c, n - 1) == DIGIT(c[n - 1]);
}
static const scheme de_documents[] = {
    {"Axxxxxxxd", "", de_document, 1},
    {"Axxxxxxxxd", "", de_document, 1},
    {"Tdddddddd", "", NULL, 1},
};

/* The digits of the number's own digits: cross sums of products, letters as two digits. */
static unsigned cross_sum(const char *c, size_t n, const char *weights)
{
    unsigned sum = 0, place = 0;
    size_t i;

    for (i = 0; i < n; i++) {
        unsigned value = text_letter(c[i]) ? (unsigned)(c[i] - 'A') + 1 : DIGIT(c[i]), product;

        if (text_letter(c[i])) {
            product = value / 10 * (unsigned char)weights[place++];
            sum += product / 10 + product % 10;
        }
        product = value % 10 * (unsigned char)weights[place++];
        sum += product / 10 + product % 10;
    }
    return sum;
}

static int de_health(const char *c, size_t n)
{
    (void)n;
    return cross_sum(c, 9, "\1\2\1\2\1\2\1\2\1\2") % 10 == DIGIT(c[9]);
}
static const scheme de_healths[] = {{"Addddddddd", "", de_health, 1}};

static int de_pension(const char *c, size_t n)
{
    (void)n;
    return check_number(c + 4, 2) - 1 < 12 && check_number(c + 2, 2) % 50 <= 31 &&
           cross_sum(c, 11, "\2\1\2\5\7\1\2\1\2\1\2\1") % 10 == DIGIT(c[11]);
}
static const scheme de_pensions[] = {{"ddddddddAddd", " ", de_pension, 1}};

static int de_doctor(const char *c, size_t n)
{
    (void)n;
    return (10 - check_sum(c, "\4\11\4\11\4\11", 6) % 10) % 10 == DIGIT(c[6]) && check_number(c + 7, 2) > 0;
}
static const scheme de_doctors[] = {{"ddddddddd", "", de_doctor, 1}};

/* ---------------------------------------------------------------- Denmark to France */

static int dk_cpr(const char *c, size_t n)
{
    (void)n;
    return check_date(2000, check_number(c + 2, 2), check_number(c, 2));
}
static const scheme dk[] = {{"dddddddddd", "-", dk_cpr, 0}};

static int baltic(const char *c, size_t n)
{
    unsigned sum = check_sum(c, "\1\2\3\4\5\6\7\10\11\1", 10) % 11;

    (void)n;
    if (sum == 10) {
        sum = check_sum(c, "\3\4\5\6\7\10\11\1\2\3", 10) % 11 % 10;
    }
    return c[0] >= '1' && c[0] <= '8' && check_yymmdd(c + 1) && sum == DIGIT(c[10]);
}
static const scheme balts[] = {{"ddddddddddd", "", baltic, 0}};

static const char control[] = "TRWAGMYFPDXBNJZSQVHLCKE";

static int es_nif(const char *c, size_t n)
{
    return control[check_number(c, n - 1) % 23] == c[n - 1];
}
static int es_nie(const char *c, size_t n)
{
    (void)n;
    return c[0] >= 'X' && c[0] <= 'Z' &&
           control[((unsigned)(c[0] - 'X') * 10000000 + check_number(c + 1, 7)) % 23] == c[8];
}
static const scheme es_nifs[] = {{"ddddddddA", "*-. ", es_nif, 1}, {"dddddddA", "-", es_nif, 1}};
static const scheme es_nies[] = {{"AdddddddA", "-", es_nie, 1}};

/* The sign between date and number tells the century; it may follow directly on a word. */
static int32_t verify_fi(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *c = candidate->text.data + candidate->from;
    unsigned number = check_number(c, 6) * 1000 + check_number(c + 7, 3);

    (void)self;
    (void)finding;
    return !text_digit(text_at(&candidate->text, candidate->from - 1)) && text_ends(&candidate->text, candidate->to) &&
           check_number(c + 7, 3) >= 2 && check_date(2000, check_number(c + 2, 2), check_number(c, 2)) &&
           "0123456789ABCDEFHJKLMNPRSTUVWXY"[number % 31] == text_capital(c[10]);
}

/* Corsica's departments 2A and 2B count as 19 and 18. */
static int fr_nir(const char *c, size_t n)
{
    char digits[15];
    unsigned month = check_number(c + 3, 2);
    size_t i;

    for (i = 0; i < n; i++) {
        digits[i] = c[i];
    }
    if (c[6] == 'A' || c[6] == 'B') {
        digits[6] = c[6] == 'A' ? '9' : '8';
        digits[5] = '1';
    }
    for (i = 0; i < n; i++) {
        if (!text_digit(digits[i])) {
            return 0;
        }
    }
    return (c[0] == '1' || c[0] == '2') && month >= 1 && (month <= 12 || month == 20 || month >= 30) && month <= 42 &&
           97 - check_mod97(0, digits, 13) == check_number(digits + 13, 2);
}
static const scheme fr[] = {{"ddddddxdddddddd", " ", fr_nir, 1}};

/* ---------------------------------------------------------------- Great Britain to Ireland */

static int gb_nino(const char *c, size_t n)
{
    static const char *const never[] = {"BG", "GB", "NK", "KN", "NT", "TN", "ZZ"};
    static const char bad[] = "DFIQUV";
    size_t i;

    (void)n;
    for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        if (c[0] == never[i][0] && c[1] == never[i][1]) {
            return 0;
        }
    }
    for (i = 0; bad[i]; i++) {
        if (c[0] == bad[i] || c[1] == bad[i]) {
            return 0;
        }
    }
    return c[1] != 'O' && c[8] >= 'A' && c[8] <= 'D';
}
static const scheme gb_ninos[] = {{"AAddddddA", " -", gb_nino, 0}};

static int gb_nhs(const char *c, size_t n)
{
    (void)n;
    return !check_uniform(c, 10) && check_sum(c, "\12\11\10\7\6\5\4\3\2\1", 10) % 11 == 0;
}
static const scheme gb_nhss[] = {{"dddddddddd", " -", gb_nhs, 0}};

static const scheme hr[] = {{"ddddddddddd", "", check_mod11_10, 0}};

static int ie_pps(const char *c, size_t n)
{
    unsigned sum = check_sum(c, "\10\7\6\5\4\3\2", 7) + (n > 8 && c[8] != 'W' ? (unsigned)(c[8] - 'A' + 1) * 9 : 0);

    return "WABCDEFGHIJKLMNOPQRSTUV"[sum % 23] == c[7];
}
static const scheme ie[] = {{"dddddddA", "", ie_pps, 0}, {"dddddddAA", "", ie_pps, 0}};

/* ---------------------------------------------------------------- Italy to Portugal */

static int it_check(const char *c)
{
    static const unsigned char odd[] = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                        20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
    unsigned sum = 0;
    size_t i;

    for (i = 0; i < 15; i++) {
        unsigned value = text_digit(c[i]) ? DIGIT(c[i]) : (unsigned)(c[i] - 'A');

        sum += i % 2 ? value : odd[value];
    }
    return (char)('A' + sum % 26) == c[15];
}

/* Sixteen characters of this form are hardly anything else: a wrong letter at the end lowers the severity only. */
static int32_t verify_it(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    char capitals[16];
    size_t i;

    (void)self;
    if (candidate->from < 6 || !text_begins(&candidate->text, candidate->from - 6) ||
        !text_ends(&candidate->text, candidate->to)) {
        return 0;
    }
    finding->from = candidate->from - 6;
    for (i = 0; i < 16; i++) {
        capitals[i] = text_capital(candidate->text.data[finding->from + i]);
    }
    for (i = 0; i < 6; i++) {
        if (!text_letter(capitals[i])) {
            return 0;
        }
    }
    finding->severity = it_check(capitals) ? HIGH : MEDIUM;
    return 1;
}

static int it_vat(const char *c, size_t n)
{
    unsigned office = check_number(c + 7, 3); /* of the province that gave it */

    return check_number(c, 7) != 0 && check_luhn(c, n) &&
           ((office >= 1 && office <= 100) || office == 120 || office == 121 || office == 888 || office == 999);
}
static const scheme it_vats[] = {{"ddddddddddd", "_ ", it_vat, 1}};

static int nl_bsn(const char *c, size_t n)
{
    return !check_uniform(c, n) && (check_sum(c, "\11\10\7\6\5\4\3\2", 8) + 11 - DIGIT(c[8]) % 11) % 11 == 0;
}
static const scheme nl[] = {{"ddddddddd", ". ", nl_bsn, 0}};

static int no_fnr(const char *c, size_t n)
{
    unsigned first = (11 - check_sum(c, "\3\7\6\1\10\11\4\5\2", 9) % 11) % 11;
    unsigned second = (11 - check_sum(c, "\5\4\3\2\7\6\5\4\3\2", 10) % 11) % 11;

    (void)n;
    return check_number(c, 2) % 40 - 1 < 31 && check_number(c + 2, 2) % 40 - 1 < 12 && first == DIGIT(c[9]) &&
           second == DIGIT(c[10]);
}
static const scheme no[] = {{"ddddddddddd", " ", no_fnr, 0}};

static int pl_pesel(const char *c, size_t n)
{
    unsigned month = check_number(c + 2, 2) % 20, day = check_number(c + 4, 2);

    (void)n;
    return check_date(2000, month, day) && (10 - check_sum(c, "\1\3\7\11\1\3\7\11\1\3", 10) % 10) % 10 == DIGIT(c[10]);
}
static const scheme pl[] = {{"ddddddddddd", "", pl_pesel, 1}};

static int pt_nif(const char *c, size_t n)
{
    unsigned check = 11 - check_sum(c, "\11\10\7\6\5\4\3\2", 8) % 11;

    (void)n;
    return c[0] != '0' && (check > 9 ? 0 : check) == DIGIT(c[8]);
}
static const scheme pt[] = {{"ddddddddd", " ", pt_nif, 0}};

/* ---------------------------------------------------------------- Romania to Turkey */

static int ro_cnp(const char *c, size_t n)
{
    unsigned check = check_sum(c, "\2\7\11\1\4\6\3\5\10\2\7\11", 12) % 11;

    (void)n;
    return c[0] != '0' && check_yymmdd(c + 1) && (check == 10 ? 1 : check) == DIGIT(c[12]);
}
static const scheme ro[] = {{"ddddddddddddd", "", ro_cnp, 0}};

/* Coordination numbers have 60 added to the day. */
static int se_person(const char *c, size_t n)
{
    const char *short_form = c + n - 10;
    unsigned day = check_number(short_form + 4, 2);

    if (n == 12 && (check_number(c, 2) < 18 || check_number(c, 2) > 20)) {
        return 0;
    }
    return check_date(2000, check_number(short_form + 2, 2), day > 60 ? day - 60 : day) && check_luhn(short_form, 10);
}
static int se_organisation(const char *c, size_t n)
{
    return (c[0] == '2' || c[0] == '5' || (c[0] >= '7' && c[0] <= '9')) && c[2] >= '2' && check_luhn(c, n);
}
static const scheme se_persons[] = {{"dddddddddd", "-+", se_person, 1}, {"dddddddddddd", "-", se_person, 1}};
static const scheme se_organisations[] = {{"dddddddddd", "-", se_organisation, 1}};

static int tr_id(const char *c, size_t n)
{
    unsigned odd = check_sum(c, "\1\0\1\0\1\0\1\0\1", 9), even = check_sum(c, "\0\1\0\1\0\1\0\1", 8);

    (void)n;
    return c[0] != '0' && (odd * 7 + 90 - even) % 10 == DIGIT(c[9]) && (odd + even + DIGIT(c[9])) % 10 == DIGIT(c[10]);
}
static const scheme tr[] = {{"ddddddddddd", "", tr_id, 1}};

static int gb_licence(const char *c, size_t n)
{
    unsigned month = check_number(c + 6, 2) % 50, day = check_number(c + 8, 2);
    size_t i;

    (void)n;
    for (i = 1; i < 5; i++) { /* the name is filled up with nines */
        if (text_digit(c[i]) && (c[i] != '9' || (i < 4 && c[i + 1] != '9'))) {
            return 0;
        }
    }
    return check_date(2000, month, day);
}
static const scheme gb_licences[] = {{"AxxxxddddddAxxxx", "", gb_licence, 0}};

static const rule rules[] = {
    ID("at_insurance", HIGH, "svnr|sv-nummer|sozialversicherungsnummer", at),
    ID("be_national", HIGH,
       D "{2}\\." D "{2}\\." D "{2}-" D "{3}\\." D "{2}\\b|rijksregister|registre national|\\binsz\\b|\\bniss\\b", be),
    ID("bg_egn", HIGH, WORD("egn") "|\xd0\xb5\xd0\xb3\xd0\xbd|\xd0\x95\xd0\x93\xd0\x9d", bg),
    ID("ch_ahv", HIGH, "756[. ]" D "{4}[. ]" D "{4}[. ]" D "{2}\\b|756" D "{10}\\b", ch),
    ID("cz_sk_birth", HIGH, D "{6}/" D "{4}\\b|rodn. ..slo|rodne cislo|rodn. \xc4\x8d", cz),
    ID("de_tax", HIGH, "steuer-?id|steuerliche identifikation|steueridentifikation|steuernummer|" WORD("idnr"),
       de_taxes),
    ID("de_document", HIGH, "personalausweis|reisepass|ausweisnummer", de_documents),
    ID("de_health", HIGH, "krankenvers|versichertennummer|" WORD("kvnr"), de_healths),
    ID("de_pension", HIGH, D "{8}[a-z]" D "{3}\\b|rentenversicherung|sozialversicherung|" WORD("rvnr|svnr"),
       de_pensions),
    ID("de_doctor", LOW, WORD("lanr") "|arztnummer", de_doctors),
    ID("dk_cpr", HIGH, WORD("cpr") "|personnummer|cpr-", dk),
    ID("ee_lt_person", HIGH, "isikukood|asmens kod", balts),
    ID("es_nif", HIGH, D "{8}-[a-z]\\b|" WORD("dni|nif"), es_nifs),
    ID_BACK("es_nie", HIGH, D "{7}-[a-z]\\b|" D "{7}[a-z]\\b", es_nies, 1),
    RULE("fi_hetu", HIGH, D "{6}[-+a-fu-y]" D "{3}[0-9a-y]", verify_fi),
    ID("fr_nir", HIGH,
       "[12] " D "{2} " D "{2} [0-9ab]{2} " D "{3} " D "{3} " D
       "{2}\\b|s.curit. sociale|s..curit.. sociale|" WORD("nir"),
       fr),
    ID_BACK("gb_nino", HIGH, D "{6}[a-d]\\b|" D "{2}[ -]" D "{2}[ -]" D "{2}[ -][a-d]\\b", gb_ninos, 2),
    ID("gb_nhs", HIGH, D "{3}[ -]" D "{3}[ -]" D "{4}\\b|" WORD("nhs"), gb_nhss),
    ID_BACK("gb_driving_licence", HIGH, D "[0156]" D "[0-3]" D "{2}[a-z][0-9a-z]{4}\\b", gb_licences, 5),
    ID("hr_oib", HIGH, WORD("oib"), hr),
    ID("ie_pps", HIGH, WORD("ppsn?"), ie),
    RULE("it_fiscal", HIGH, D "{2}[a-ehlmpr-t]" D "{2}[a-z]" D "{3}[a-z]\\b", verify_it),
    ID("it_vat", LOW, "partita iva|p\\. ?iva|piva|vat number", it_vats),
    ID("nl_bsn", HIGH, WORD("bsn") "|burgerservice", nl),
    ID("no_fnr", HIGH, "f.dselsnummer|f..dselsnummer|" WORD("fnr"), no),
    ID("pl_pesel", HIGH, "pesel", pl),
    ID("pt_nif", HIGH, "contribuinte|" WORD("nif"), pt),
    ID("ro_cnp", HIGH, WORD("cnp"), ro),
    ID("se_person", HIGH, D "{6}[-+]" D "{4}\\b|personnummer|swedish id|" WORD("pnr"), se_persons),
    ID("se_organisation", LOW, D "{6}-" D "{4}\\b|organisationsnummer|" WORD("orgnr"), se_organisations),
    ID("tr_identity", HIGH, WORD("tckn") "|kimlik|turkish id", tr),
};

const rule_table rules_europe = TABLE(rules);
