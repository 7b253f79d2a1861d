/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Addresses behind the border. What nobody writes by accident (metadata services, disguised numbers) is found wherever
 * it stands in a URL; what developers write every day (localhost, 10.0.0.5) only where a tool is handed it as the URL
 * to fetch, and in a response only where it is the whole answer or a parameter.
 */
#include <string.h>

#include "address.h"
#include "rule.h"
#include "url.h"

static int32_t report(uapi_finding *finding, size_t from, size_t to, uint32_t severity)
{
    finding->from = from;
    finding->to = to;
    finding->severity = severity;
    return 1;
}

static address read_host(uapi_string text, const url *made, int *folded)
{
    char host[ADDRESS_HOST_SIZE];
    size_t length = address_fold(text.data + made->host, made->host_end - made->host, host, folded);

    return address_read(host, length);
}

/* ------------------------------------------------------------- metadata */

/* "/32" after an address is a network, not a path. */
static int is_network(uapi_string text, size_t slash)
{
    size_t at = slash + 1;

    while (at < text.length && at < slash + 4 && url_is_digit(text.data[at])) {
        at++;
    }
    return at > slash + 1 && at <= slash + 3 &&
           (at == text.length || (!url_is_label(text.data[at]) && text.data[at] != '/'));
}

/* A path that only metadata services have, behind any host at all. */
static int32_t verify_metadata_path(const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    char before = candidate->from ? text.data[candidate->from - 1] : ' ';
    url made;

    if (!url_is_alnum(before) && !memchr("]})/", before, 4)) {
        return 0;
    }
    url_around(text, candidate->from - 1, &made);
    return report(finding, made.scheme, candidate->to, CRITICAL);
}

static int32_t verify_metadata(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t from = candidate->from, to = candidate->to;
    int in_url;
    url made;

    (void)self;
    if (text.data[from] == '/') {
        return verify_metadata_path(candidate, finding);
    }
    if ((from > 0 && (url_is_label(text.data[from - 1]) || text.data[from - 1] == '.')) ||
        (to < text.length && (url_is_label(text.data[to]) ||
                              (text.data[to] == '.' && to + 1 < text.length && url_is_label(text.data[to + 1]))))) {
        return 0;
    }
    in_url = (url_around(text, from, &made) && made.host <= from) ||
             (from > 1 && (text.data[from - 1] == '@' || (text.data[from - 1] == '/' && text.data[from - 2] == '/')));
    if (!in_url &&
        !(to + 1 < text.length && text.data[to] == '/' && !url_is_end(text.data[to + 1]) && !is_network(text, to)) &&
        !(to + 1 < text.length && text.data[to] == ':' && url_is_digit(text.data[to + 1])) &&
        !url_is_argument(text, from, to)) {
        return 0;
    }
    return report(finding, from, to, CRITICAL);
}

/* ------------------------------------------------------------- disguises */

/* A public address is in disguise only if it is one number or has hexadecimal in it: "1.2.3" is a version. */
static int is_disguised(address found, const char *host, size_t length)
{
    if (!found.disguised || found.kind == ADDRESS_NONE || found.kind == ADDRESS_EXAMPLE) {
        return 0;
    }
    return found.kind != ADDRESS_PUBLIC || !memchr(host, '.', length) || memchr(host, 'x', length);
}

static uint32_t severity_of(address_kind kind)
{
    return kind == ADDRESS_METADATA ? CRITICAL : kind == ADDRESS_PUBLIC ? MEDIUM : HIGH;
}

static int32_t verify_disguised(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t from = candidate->to - 1, length;
    char host[ADDRESS_HOST_SIZE], before;
    address found;
    int folded;
    url made;

    (void)self;
    from -= text.data[from - 1] == '[';
    before = text.data[from - 1];
    url_read(text, from, &made);
    length = address_fold(text.data + made.host, made.host_end - made.host, host, &folded);
    found = address_read(host, length);
    if (!is_disguised(found, host, length) || (before == ':' && length < 7)) {
        return 0;
    }
    return report(finding, made.host, made.host_end, severity_of(found.kind));
}

static const char *const loopback_names[] = {
    "localhost", "ip6-localhost", "ip6-loopback", "localhost.localdomain", "localhost6", "loopback", NULL};

/* "http:127.0.0.1", "http:/10.0.0.5": what a list of addresses does not see, and fetchers take. */
static int32_t verify_few_slashes(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t host = candidate->from;
    address found;
    int folded;
    url made;

    while (text.data[host] != ':') {
        host++;
    }
    host += 1 + (text.data[host + 1] == '/');
    if ((candidate->from > 0 && url_is_label(text.data[candidate->from - 1]))) {
        return 0;
    }
    url_read(text, host, &made);
    found = read_host(text, &made, &folded);
    if (found.kind < ADDRESS_PRIVATE && !url_is_word(text, made.host, made.host_end, loopback_names)) {
        return 0;
    }
    return url_is_argument(text, candidate->from, made.end) &&
           report(finding, candidate->from, made.port_end, self->pattern.severity);
}

/* "//127.0.0.1/", "/\\\\evil.example" where a path is expected: a URL of another host. In a document it may be a page's own. */
static int32_t verify_relative(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t from = candidate->from, host = candidate->to - 1;
    address found;
    int folded;
    url made;

    (void)self;
    from += text.data[from] == '=' || text.data[from] == '"';
    url_read(text, host, &made);
    if (!url_is_argument(text, from, made.end)) {
        return 0;
    }
    found = read_host(text, &made, &folded);
    if (found.kind >= ADDRESS_PRIVATE || url_is_word(text, made.host, made.host_end, loopback_names) ||
        made.host > made.authority) {
        return report(finding, from, made.port_end, HIGH);
    }
    if (text.data[candidate->from] == '"' || !memchr(text.data + made.host, '.', made.host_end - made.host)) {
        return 0;
    }
    return report(finding, from, made.port_end, MEDIUM);
}

static const char *const internal_suffixes[] = {"localhost", "internal", "local",     "localdomain", "lan",
                                                "corp",      "intranet", "home.arpa", NULL};
static const char *const docker_names[] = {"host.docker.internal",
                                           "gateway.docker.internal",
                                           "host.containers.internal",
                                           "kubernetes.docker.internal",
                                           "kubernetes.default.svc",
                                           "kubernetes.default",
                                           NULL};

/* A host in circled, full-width or percent-encoded characters. */
static int32_t verify_folded(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    char host[ADDRESS_HOST_SIZE];
    size_t length, i;
    address found;
    int folded;
    url made;

    (void)self;
    if (!url_around(text, candidate->from, &made)) {
        return 0;
    }
    if (url_find(text, made.host, made.host_end, "%00") < made.host_end) { /* where a reader in C stops */
        return report(finding, made.host, made.host_end, HIGH);
    }
    length = address_fold(text.data + made.host, made.host_end - made.host, host, &folded);
    if (!folded || length < 3) {
        return 0;
    }
    found = address_read(host, length);
    if (memchr(host, '@', length) && memchr(host, '.', length)) {
        return report(finding, made.host, made.host_end, HIGH); /* "good.example%40evil.example" */
    }
    for (i = 0; i < length && found.kind == ADDRESS_NONE; i++) {
        if (!url_is_label(host[i]) && host[i] != '.') {
            return 0;
        }
    }
    if (found.kind > ADDRESS_EXAMPLE) {
        return report(finding, made.host, made.host_end, found.kind == ADDRESS_METADATA ? CRITICAL : HIGH);
    }
    if (url_ends_in((uapi_string){host, length}, 0, length, internal_suffixes)) {
        return report(finding, made.host, made.host_end, HIGH);
    }
    return memchr(host, '.', length) ? report(finding, made.host, made.host_end, MEDIUM) : 0;
}

/* ------------------------------------------------------------- plainly internal */

/* Handed over as the URL to fetch. In a response, a field with an address of the server's own is ordinary. */
static int is_handed_over(const uapi_candidate *candidate, const url *made)
{
    uapi_string text = candidate->text;

    if (candidate->direction == UAPI_DIRECTION_RESPONSE && made->scheme > 0 && text.data[made->scheme - 1] == '"') {
        return 0;
    }
    return url_is_argument(text, made->scheme, made->end);
}

/* Ports of services that do not speak HTTP, or should not to anybody. */
static int is_service_port(uapi_string text, const url *made)
{
    static const char *const ports[] = {"22",   "23",   "25",    "110",   "111",   "143",   "389",
                                        "445",  "1433", "2375",  "2379",  "3306",  "3389",  "5432",
                                        "5985", "6379", "10250", "10255", "11211", "27017", NULL};

    return url_is_word(text, made->port, made->port_end, ports);
}

static int is_fetched(uapi_string text, const url *made)
{
    static const char *const schemes[] = {"http", "https", "ftp", "ws",  "wss", "sftp",
                                          "tftp", "ssh",   "smb", "xri", NULL};
    size_t i;

    for (i = 0; schemes[i]; i++) {
        if (url_has_scheme(text, made, schemes[i])) {
            return 1;
        }
    }
    return 0;
}

static int32_t verify_internal_address(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    address found;
    int folded, by_name, service;
    url made;

    if (!url_around(text, candidate->from, &made) || !is_fetched(text, &made)) {
        return 0;
    }
    found = read_host(text, &made, &folded);
    by_name = self->argument == ADDRESS_LOOPBACK && url_is_word(text, made.host, made.host_end, loopback_names);
    if ((found.kind != self->argument && !by_name) || found.disguised) {
        return 0;
    }
    service = is_service_port(text, &made) && !url_has_scheme(text, &made, "ssh") &&
              !url_has_scheme(text, &made, "sftp");
    if (!service && !is_handed_over(candidate, &made)) {
        return 0;
    }
    return report(finding, made.host, made.port_end, service ? MEDIUM : LOW);
}

static int32_t verify_internal_name(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    url made;

    (void)self;
    if (!url_around(text, candidate->from, &made) || made.host > candidate->from || !is_fetched(text, &made) ||
        !(url_ends_in(text, made.host, made.host_end, internal_suffixes) ||
          url_is_word(text, made.host, made.host_end, docker_names)) ||
        !is_handed_over(candidate, &made)) {
        return 0;
    }
    return report(finding, made.host, made.host_end, self->pattern.severity);
}

/* A parameter that takes a URL, and what only an attacker hands it: a bare internal host, or data for a place. */
static int32_t verify_parameter(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t from = candidate->from + 1;
    const char *percent;
    address found;
    int folded;
    url made;

    (void)self;
    if (!url_is_parameter(text, from)) {
        return 0;
    }
    if (url_starts(text, from, "data:")) {
        return report(finding, from, candidate->to, self->pattern.severity);
    }
    if (url_starts(text, from, "http")) { /* percent-encoded once more */
        from += 13 + (url_small(text.data[from + 4]) == 's');
    }
    while (from < candidate->to && (text.data[from] == '/' || text.data[from] == '\\')) {
        from++;
    }
    url_read(text, from, &made);
    percent = memchr(text.data + made.host, '%', made.host_end - made.host);
    if (percent) {
        made.host_end = made.port_end = (size_t)(percent - text.data);
    }
    found = read_host(text, &made, &folded);
    if (found.kind < ADDRESS_PRIVATE && !url_is_word(text, made.host, made.host_end, loopback_names) &&
        !url_is_word(text, made.host, made.host_end, docker_names)) {
        return 0;
    }
    return report(finding, from, made.port_end, found.kind == ADDRESS_METADATA ? CRITICAL : self->pattern.severity);
}

/* ------------------------------------------------------------- raw public addresses */

static int32_t verify_raw_address(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    static const char *const usual[] = {"80", "443", "8080", "8443", "8000", "8888", NULL};
    static const char *const programs[] = {".sh",   ".exe", ".ps1",    ".elf", ".bin", ".hta", ".bat",
                                           ".vbs",  ".dll", ".scr",    ".msi", ".jar", ".py",  ".pl",
                                           ".bash", ".x86", ".x86_64", ".apk", NULL};
    uapi_string text = candidate->text;
    address found;
    size_t path;
    int folded;
    url made;

    if (!url_around(text, candidate->from, &made) || !is_fetched(text, &made)) {
        return 0;
    }
    found = read_host(text, &made, &folded);
    if (found.kind != ADDRESS_PUBLIC || found.disguised) {
        return 0;
    }
    for (path = made.rest; path < made.end && text.data[path] != '?' && text.data[path] != '#' &&
                           text.data[path] != ')' && text.data[path] != ';' && text.data[path] != '|';
         path++) {
    }
    if (url_ends_in(text, made.rest, path, programs)) {
        return report(finding, made.scheme, path, HIGH);
    }
    if (made.port == made.port_end || url_is_word(text, made.port, made.port_end, usual)) {
        return 0;
    }
    return report(finding, made.host, made.port_end, self->pattern.severity);
}

#define IPV4_ "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}"

static const rule rules[] = {
    RULE("metadata_service", CRITICAL,
         "169\\.254\\.169\\.254|169\\.254\\.170\\.23?|169\\.254\\.42\\.42|169\\.254\\.0\\.23|100\\.100\\.100\\.200|"
         "192\\.0\\.0\\.192|168\\.63\\.129\\.16"
         "|metadata\\.(?:google\\.internal|goog|packet\\.net|platformequinix\\.com|tencentyun\\.com|azure\\.internal)|"
         "api\\.metadata\\.cloud\\.ibm\\.com"
         "|rancher-metadata|instance-data\\.ec2\\.internal|//"
         "instance-data|fd00:ec2::(?:254|23)|fd20:ce::254|fd00:42::42|fd00:c1::a9fe:a9fe"
         "|/latest/(?:meta-data|user-data|dynamic/instance-identity|api/token)|/computemetadata/v1"
         "|/metadata/(?:instance\\?api-version|identity/oauth2/token|v1/interfaces)|/opc/v[12]/(?:instance|identity)"
         "|/openstack/latest/(?:meta_data|user_data)",
         verify_metadata, 0),
    RULE("disguised_address", HIGH, "(?:://|https?:[/\\\\]{0,6})(?:[0-9]|\\[[0-9a-f:])", verify_disguised, 0),
    RULE("disguised_host", HIGH,
         "://[0-9a-z.-]{0,40}(?:\\xe2[\\x81\\x82\\x91-\\x93]|\\xef\\xbc[\\x8e\\x90-\\x99\\xa1-\\xba]"
         "|\\xef\\xbd[\\x81-\\x9a\\xa1]|\\xe3\\x80\\x82[0-9a-z]|\\xf0\\x9d[\\x90-\\x9f]|\\xc2[\\xad\\xb2\\xb3\\xb9]"
         "|%[2-7][0-9a-f]|%00)",
         verify_folded, 0),
    RULE("disguised_address", HIGH, "https?:/?(?:127\\.|localhost|0\\.0\\.0\\.0|10\\.[0-9]|192\\.168\\.|169\\.254\\.)",
         verify_few_slashes, 0),
    RULE("relative_host", HIGH, "(?:^|[=\"])[/\\\\]{2,5}[0-9a-z\\[]", verify_relative, 0),
    RULE("loopback_url", LOW, "://(?:127\\.|0\\.0\\.0\\.0|localhost|loopback|\\[::|ip6-lo)", verify_internal_address,
         ADDRESS_LOOPBACK),
    RULE("private_url", LOW,
         "://(?:10\\.[0-9]|192\\.168\\.|172\\.[123][0-9]\\.|169\\.254\\.|100\\.[6-9][0-9]\\.|100\\.1[0-2][0-9]\\."
         "|\\[f[cde][0-9a-f]{2}:)",
         verify_internal_address, ADDRESS_PRIVATE),
    RULE("internal_name", LOW,
         "\\.(?:internal|local|localdomain|localhost|lan|corp|intranet|home\\.arpa|default|svc)[/:?#\"]"
         "|\\.(?:internal|local|localhost|svc)$",
         verify_internal_name, 0),
    RULE("internal_parameter", MEDIUM,
         "=(?:[/"
         "\\\\]{0,2}|https?%3a%2f%2f)(?:localhost|ip6-lo|loopback|host\\.docker\\.|host\\.containers\\.|kubernetes\\."
         "default"
         "|127\\.[0-9]|0\\.0\\.0\\.0|169\\.254\\.|192\\.168\\.|10\\.[0-9]{1,3}\\.|0x7f|0xa9|2130706433|2852039166"
         "|0177\\.|\\[::|data:[a-z])",
         verify_parameter, 0),
    RULE("raw_address", MEDIUM, "://" IPV4_ "[:/][0-9a-z]", verify_raw_address, 0),
};

const rule_table rules_addresses = TABLE(rules);
