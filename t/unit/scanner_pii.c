/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The pii scanner through the firewall, as the server runs it. The numbers are invented; their check digits were
 * computed with a second implementation of each scheme.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <apr_file_info.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "firewall.h"

static apr_pool_t *pool, *scan_pool;
static uapi_firewall *firewall;

/* `number` is what must be covered by a finding of the rule when it stands between `before` and `after`. */
static const struct {
    const char *rule, *before, *number, *after;
} positive[] = {
    {"card", "pay with ", "4539526018159083", " today"},
    {"card", "", "4539526018159083", ""},
    {"card", "{\"card\":", "2223757491186252", ",\"x\":1}"},
    {"card", "{\"card\":\"", "4539 5260 1815 9083", "\"}"},
    {"card", "(", "2223-7574-9118-6252", ")"},
    {"card", "", "3782 342366 71276", ""},
    {"card", "amex ", "378234236671276", "."},
    {"card", "\303\251", "4539526018159083", "\303\251"},
    {"iban", "to ", "DE24370400447712083956", "."},
    {"iban", "to ", "NO4915037740281", "."},
    {"iban", "to ", "GB84HBUK40127619384055", "."},
    {"iban", "to ", "MT29MMEB44093000000081234TLC01S", "."},
    {"iban", "to ", "KZ60722KZT2091638845", "."},
    {"iban", "to ", "RO64BTRLRONC7X4019283746", "."},
    {"iban", "", "DE24370400447712083956", ""},
    {"iban", "{\"iban\":\"", "gb84hbuk40127619384055", "\"}"},
    {"iban", "IBAN: ", "DE24 3704 0044 7712 0839 56", ", BIC"},
    {"iban", "", "NO49 1503 7740 281", ""},
    {"iban", "x-", "GB84-HBUK-4012-7619-3840-55", ""},
    {"us_routing", "routing number: ", "021015485", ""},
    {"us_routing", "{\"routing_number\":", "021015485", "}"},
    {"bitcoin", "send to ", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", " now"},
    {"at_insurance", "SVNR ", "8084 150482", " aus Wien"},
    {"be_national", "", "85.07.30-033.28", " is"},
    {"be_national", "rijksregister ", "85073003328", ""},
    {"bg_egn", "EGN: ", "7501014479", ""},
    {"ch_ahv", "AHV ", "756.9217.5809.49", ""},
    {"ch_ahv", "{\"ahv\":", "7569217580949", "}"},
    {"cz_sk_birth", "", "736028/1313", ""},
    {"de_tax", "Steuer-ID ", "77 460 179 528", ""},
    {"de_tax", "{\"steuer_id\":\"x\",\"idnr\":", "77460179528", "}"},
    {"de_document", "Personalausweis Nr. ", "L3K7FH20P6", ""},
    {"de_health", "Krankenversicherung ", "H528047130", ""},
    {"de_pension", "meine Nummer ", "65170839J003", ""},
    {"de_doctor", "LANR ", "648217303", ""},
    {"dk_cpr", "CPR ", "140782-1358", ""},
    {"ee_lt_person", "isikukood ", "37605030299", ""},
    {"es_nif", "DNI ", "50938712Z", ""},
    {"es_nif", "", "50938712-Z", ","},
    {"es_nie", "NIE ", "X4820913K", ""},
    {"es_nie", "", "X4820913-K", ""},
    {"fi_hetu", "tunnus on ", "131052-308T", "."},
    {"fi_hetu", "on", "131052-308T", ""},
    {"fr_nir", "", "2 84 05 78 006 084 90", ""},
    {"fr_nir", "s\303\251curit\303\251 sociale : ", "284057800608490", ""},
    {"gb_nino", "NI ", "JG103759A", ""},
    {"gb_nino", "", "JG 10 37 59 A", ""},
    {"gb_nhs", "", "943 915 0955", " patient"},
    {"gb_nhs", "NHS number ", "9439150955", ""},
    {"gb_driving_licence", "licence ", "FARME712036RT9KL", ""},
    {"hr_oib", "OIB: ", "17853810536", ""},
    {"ie_pps", "PPS number ", "1234567T", ""},
    {"it_fiscal", "CF ", "VRDGPP13R10B293P", " ok"},
    {"it_vat", "partita IVA ", "07432110349", ""},
    {"nl_bsn", "BSN ", "115418817", ""},
    {"nl_bsn", "{\"bsn\":", "115418817", "}"},
    {"no_fnr", "f\303\270dselsnummer ", "29057478088", ""},
    {"pl_pesel", "PESEL: ", "83051712346", ""},
    {"pt_nif", "contribuinte ", "208248617", ""},
    {"ro_cnp", "CNP ", "1800512400043", ""},
    {"se_person", "", "640823-5437", ""},
    {"se_person", "", "19640823-5437", ""},
    {"se_person", "my personnummer is ", "196408235437", ""},
    {"se_organisation", "", "556658-4032", ""},
    {"tr_identity", "TCKN ", "47187551918", ""},
    {"us_ssn", "SSN ", "531-84-2207", "."},
    {"us_ssn", "{\"ssn\":", "531842207", "}"},
    {"us_ssn", "{\"userSsn\":\"", "531842207", "\"}"},
    {"us_ssn", "social security number is ", "531 84 2207", ""},
    {"us_itin", "", "912-73-4410", ""},
    {"us_npi", "NPI ", "1212186047", ""},
    {"us_medicare", "MBI ", "1EC7-TD5-MK81", ""},
    {"us_medicare", "", "4RA2HJ7KM36", ""},
    {"ca_sin", "", "504-480-187", ""},
    {"ca_sin", "SIN: ", "504 480 187", ""},
    {"ca_sin", "{\"sin\":", "504480187", "}"},
    {"br_cpf", "", "318.274.905-60", ""},
    {"br_cpf", "{\"cpf\":\"", "31827490560", "\"}"},
    {"br_cnpj", "", "41.827.365/0001-71", ""},
    {"ar_cuit", "", "20-47204962-4", ""},
    {"cl_rut", "RUT: ", "14.823.697-6", ""},
    {"mx_curp", "CURP ", "ROMA870514HDFLRS04", ""},
    {"au_tfn", "TFN ", "865 878 501", ""},
    {"au_abn", "ABN ", "54 798 380 500", ""},
    {"au_acn", "ACN ", "004739217", ""},
    {"au_medicare", "Medicare card ", "3928 17460 1", ""},
    {"cn_identity", "{\"id\":\"", "110101198407230419", "\"}"},
    {"in_aadhaar", "", "7678 4650 3790", ""},
    {"in_aadhaar", "Aadhaar: ", "767846503790", ""},
    {"in_pan", "PAN ", "BQRPK4071M", ""},
    {"in_gstin", "GST ", "29BQRPK4071M1ZX", ""},
    {"il_identity", "teudat zehut ", "378267579", ""},
    {"jp_my_number", "My Number ", "7392 0184 6515", ""},
    {"kr_resident", "", "840917-2038841", ""},
    {"kr_business", "BRN ", "214-87-69138", ""},
    {"sg_nric", "NRIC ", "S8310472D", ""},
    {"sg_nric", "", "G6021857P", ","},
    {"sg_uen", "UEN ", "200812345G", ""},
    {"th_identity", "Thai ID ", "3100600482174", ""},
    {"za_identity", "SA ID ", "8304215415041", ""},
    {"national_id", "{\"national_id\":", "83051712346", "}"},
    {"national_id", "her identity number is ", "8304215415041", "."},
    {"id_alone", "", "83051712346", ""},
    {"id_alone", "", "3100600482174", "\n"},
    {"email", "mail ", "ada.l+x@mail.example.org", "."},
    {"email", "{\"to\":\"", "bob@corp.io", "\"}"},
    {"email", "<", "o'hara@example.co.uk", ">"},
    {"email", "", "a@b.de", ""},
    {"email", "mailto:", "x_1@sub.domain.travel", "?subject=1"},
    {"email", "an ", "j\303\274rgen@m\303\274ller.de", " "},
    {"phone", "call ", "+49 30 901820", "."},
    {"phone", "", "+14155550132", ""},
    {"phone", "tel:", "+44 (0)20 7946 0018", ""},
    {"phone", "{\"phone\":\"", "+33142685300", "\"}"},
    {"phone_american", "call ", "(415) 555-0132", " now"},
    {"phone_american", "", "415-555-0132", ""},
    {"phone_american", "", "(415)555-0132", "."},
    {"phone_national", "ring ", "020 7946 0018", ""},
    {"phone_national", "", "09381234507", ""},
    {"phone_national", "", "01 42 68 53 17", "."},
    {"phone_national", "", "538 214 76 03", ""},
    {"phone_context", "{\"phone_number\":", "4155550132", "}"},
    {"phone_context", "my mobile is ", "7700 900123", ""},
    {"phone_context", "Telefon: ", "8812 4055", ""},
    {"ip_address", "from ", "93.184.216.34", ":443"},
    {"ip_internal", "host ", "10.4.0.17", "/8"},
    {"ip_internal", "", "127.0.0.1", ""},
    {"ip6_address", "", "2a00:1450:4001:81b::200e", "."},
    {"ip6_address", "[", "2606:4700:10:20:30:40:50:60", "]:80"},
    {"ip6_internal", "", "fe80::7a2b", ""},
    {"ip6_internal", "at ", "::1", ""},
    {"ip6_internal", "", "::ffff:10.0.0.9", ""},
    {"ip6_internal", "route ", "::", "/0"},
    {"mac_address", "hw ", "3c:5a:b4:01:9e:7f", ""},
    {"mac_address", "", "3C-5A-B4-01-9E-7F", " "},
    {"mac_address", "port ", "3c5a.b401.9e7f", ""},
    {"id_alone", "", "8703082400073", ""}, /* Korean: before October 2020, with check digit */
    {"id_alone", "", "8703082947510", ""}, /* since then, without */
    {"passport", "passport number: ", "C01X74029", ""},
    {"passport", "{\"passport\":\"", "518203774", "\"}"},
    {"driving_licence", "driver's license ", "D4710285", ""},
    {"driving_licence", "{\"driving_licence\":\"", "B072RRE2I55", "\"}"},
    {"date_of_birth", "{\"date_of_birth\":\"", "1984-07-23", "\"}"},
    {"date_of_birth", "born on ", "23 July 1984", "."},
    {"date_of_birth", "DOB: ", "07/23/1984", ""},
    {"date_of_birth", "Date of birth: ", "July 23, 1984", ""},
};

static const char *const negative[] = {
    "8703085400070", /* South African by its form, and neither a valid one nor a valid Korean one */
    "",
    "a",
    "@",
    "+",
    "::",
    "ssn",
    "passport",
    "phone:",
    "{\"ssn\":",
    "1",
    "born",
    "IBAN DE",
    "The quick brown fox jumps over the lazy dog.",
    "4539526018159084",
    "7539526018159083",
    "45395260181590831",
    "14539526018159083",
    "0.4539526018159083",
    "x4539526018159083",
    "4444444444444444",
    "4000000000000000",
    "DE24370400447712083957",
    "DE2437040044771208395",
    "DE243704004477120839560",
    "ADE24370400447712083956",
    "XX24370400447712083956",
    "de24HBUK40127619384055",
    "000-12-3456",
    "666-12-3456",
    "531-00-2207",
    "531-84-0000",
    "123-45-6789",
    "078-05-1120",
    "531-84-22070",
    "531.84-2207",
    "911-12-3456",
    "SIN 504480188",
    "sine 504480187x",
    "a sinful 504480187x",
    "the NHS has 1400000 staff",
    "TIN can 12",
    "BSN 123456789",
    "010101-123X",
    "X4820913A",
    "131052-308A",
    "S8310472E",
    "ABCDE1234F in a sentence",
    "GB103759A",
    "840932-2038841",
    "840917-9038841",
    "user@localhost",
    "@decorator",
    "npm i lib@1.2.3",
    "git@host.example.com:a/b",
    "icon@2x.png",
    "unit foo@bar.service",
    "scp f admin@host.example.com:/srv",
    "https://u:p@host.example.com/",
    "a@b",
    "info@site.",
    "ssh root@10",
    "+1",
    "+12345",
    "@@ -1,7 +12345678x",
    "2024-01-02 03:04:05",
    "01-02-2024",
    "0123456789",
    "3.14159265358979",
    "tel",
    "phone 12",
    "1415-555-0132-99",
    "version 1.2.3.4",
    "v1.2.3.4",
    "1.2.3.4.5.6",
    "1.2.3",
    "256.1.1.1",
    "a::b",
    "std::vector",
    "Foo::Bar::baz",
    "x ::  y",
    "12:34:56",
    "1:2:3:4",
    "ff:ff:ff:ff:ff:ff",
    "3c:5a:b4:01:9e",
    "3c:5a:b4:01:9e:7f:00",
    "pass the port 123",
    "passport control opens at 9",
    "{\"passport\":null,\"code\":\"518203774\"}",
    "driving licence required",
    "born in 1984",
    "date of birth",
    "{\"date_of_birth\":\"unknown\"}",
    "DOB: 1984-13-45",
    "{\"timestamps\":[1732450000000,1732450001000,1732450002000]}",
    "{\"startTimeUnixNano\":\"1732450000123456789\"}",
    "3f9a1c7e5b20d84f6a13c97e0b52d8f1",
    "3f9a1c7e-5b20-484f-aa13-c97e0b52d8f1",
    "1.7976931348623157e308",
};

static int load(void **state)
{
    uapi_result result = {0};
    uapi_plugin *plugin;
    char *path;

    (void)state;
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS || apr_pool_create(&scan_pool, pool) != APR_SUCCESS) {
        return 1;
    }
    apr_filepath_merge(&path, NULL, UAPI_TEST_OUT "/plugins/scanner_pii.so", 0, pool);
    if (uapi_plugin_load(&plugin, path, NULL, pool, &result) != APR_SUCCESS ||
        uapi_firewall_create(&firewall, &plugin, 1, NULL, pool, &result) != APR_SUCCESS) {
        print_error("%s\n", result.detail);
        return 1;
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

static uapi_firewall_report scan(const char *text)
{
    size_t length = strlen(text);
    char *copy = malloc(length ? length : 1); /* of exactly that size, so that a sanitizer sees a read beyond it */
    uapi_firewall_report report;

    memcpy(copy, text, length);
    assert_int_equal(uapi_firewall_scan(firewall, UAPI_DIRECTION_RESPONSE, copy, length, &report, scan_pool, NULL),
                     APR_SUCCESS);
    assert_int_equal(report.overload, 0);
    free(copy);
    return report;
}

static const uapi_firewall_finding *find(const uapi_firewall_report *report, const char *rule)
{
    uint32_t i;

    for (i = 0; i < report->count; i++) {
        if (strcmp(strchr(report->findings[i].rule, '.') + 1, rule) == 0) {
            return &report->findings[i];
        }
    }
    return NULL;
}

static void test_positive(void **state)
{
    size_t i, faults = 0;

    (void)state;
    for (i = 0; i < sizeof(positive) / sizeof(positive[0]); i++) {
        const char *text = apr_pstrcat(scan_pool, positive[i].before, positive[i].number, positive[i].after, NULL);
        size_t from = strlen(positive[i].before), to = from + strlen(positive[i].number);
        uapi_firewall_report report = scan(text);
        const uapi_firewall_finding *finding = find(&report, positive[i].rule);

        if (!finding) {
            print_error("%s: not found in: %s (%u others)\n", positive[i].rule, text, report.count);
            faults++;
        } else if (finding->from != from || finding->to != to) {
            print_error("%s: found at %zu-%zu, stands at %zu-%zu in: %s\n", positive[i].rule, finding->from,
                        finding->to, from, to, text);
            faults++;
        }
        apr_pool_clear(scan_pool);
    }
    assert_int_equal(faults, 0);
}

static void test_negative(void **state)
{
    size_t i, faults = 0;

    (void)state;
    for (i = 0; i < sizeof(negative) / sizeof(negative[0]); i++) {
        uapi_firewall_report report = scan(negative[i]);

        if (report.count) {
            print_error("%s found at %zu-%zu in: %s\n", report.findings[0].rule, report.findings[0].from,
                        report.findings[0].to, negative[i]);
            faults++;
        }
        apr_pool_clear(scan_pool);
    }
    assert_int_equal(faults, 0);
}

/* Each positive text cut off at each length: nothing is read beyond the end, nothing crashes. */
static void test_cut_off(void **state)
{
    size_t i, length;

    (void)state;
    for (i = 0; i < sizeof(positive) / sizeof(positive[0]); i++) {
        char *text = apr_pstrcat(pool, positive[i].before, positive[i].number, positive[i].after, NULL);

        for (length = strlen(text); length > 0; length--) {
            text[length] = '\0';
            scan(text);
            scan(text + length / 2);
            apr_pool_clear(scan_pool);
        }
    }
}

/* A wrong last letter of a codice fiscale is a slip, and the rest still says who it is. */
static void test_severity(void **state)
{
    uapi_firewall_report report = scan("VRDGPP13R10B293P VRDGPP13R10B293Q");

    (void)state;
    assert_int_equal(report.count, 2);
    assert_int_equal(report.findings[0].severity, UAPI_SEVERITY_HIGH);
    assert_int_equal(report.findings[1].severity, UAPI_SEVERITY_MEDIUM);
}

/* Long numbers of monitoring data are no candidates: a table of them must not end as an overload. */
static void test_ordinary_numbers(void **state)
{
    static const char *const rows[] = {"{\"ts\":1732450000000,\"v\":0.5},", "1732450000000,",
                                       "{\"startTimeUnixNano\":\"1732450000123456789\",\"name\":\"GET /items/:id\"},",
                                       "3f9a1c7e5b20d84f6a13c97e0b52d8f19d04b7e15a82c36f0e41d97ab8532c6f ",
                                       "00 01 02 0a 0b 0c 0d 0e 0f 10 11 12 13 14 15 16 "};
    size_t size = (size_t)1 << 20, i, at;
    char *text = malloc(size + 1);

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uapi_firewall_report report;

        for (at = 0; at < size; at++) {
            text[at] = rows[i][at % strlen(rows[i])];
        }
        assert_int_equal(uapi_firewall_scan(firewall, UAPI_DIRECTION_REQUEST, text, size, &report, scan_pool, NULL),
                         APR_SUCCESS);
        if (report.overload || report.count) {
            print_error("overload %d, %u findings in rows of %s\n", report.overload, report.count, rows[i]);
        }
        assert_int_equal(report.overload, 0);
        assert_int_equal(report.count, 0);
        apr_pool_clear(scan_pool);
    }
    free(text);
}

/* A mebibyte of what starts a verifier takes no longer than so many candidates may: found out, or refused. */
static void test_hostile(void **state)
{
    static const char *const triggers[] = {
        "passport1", "born 1 ",  "tax id 1 ", "ssn ",      "a@a",  "a.",   "@a.a.a",  "1234 ",
        "4539 5260", "1.1.1.1.", "::a:",      "a:b:c:d:e", "tel:", "+1 (", "phone0 ", "00-11-22-33-44-55-",
    };
    size_t size = (size_t)1 << 20, i, at;
    char *text = malloc(size);

    (void)state;
    for (i = 0; i < sizeof(triggers) / sizeof(triggers[0]); i++) {
        uapi_firewall_report report;
        clock_t start = clock();

        for (at = 0; at < size; at++) {
            text[at] = triggers[i][at % strlen(triggers[i])];
        }
        assert_int_equal(uapi_firewall_scan(firewall, UAPI_DIRECTION_REQUEST, text, size, &report, scan_pool, NULL),
                         APR_SUCCESS);
        if (clock() - start > 20 * CLOCKS_PER_SEC) {
            print_error("%s: %.1f s\n", triggers[i], (double)(clock() - start) / CLOCKS_PER_SEC);
        }
        assert_true(clock() - start <= 20 * CLOCKS_PER_SEC);
        apr_pool_clear(scan_pool);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positive), cmocka_unit_test(test_negative),         cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_severity), cmocka_unit_test(test_ordinary_numbers), cmocka_unit_test(test_hostile),
    };

    if (apr_initialize() != APR_SUCCESS) {
        return 1;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, load, unload);
}
