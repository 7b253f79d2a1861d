/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* What each rule is about, and why it decides as it does: for people (`uapictl scan --explain`). */
#include "rule.h"

#define HOST "the host of the URL"

static const scanner_explanation rows[] = {
    {"capture_host", "Host that shows what it was sent", HOST},
    {"callback_host", "Host for out-of-band tests", HOST},
    {"tunnel_host", "Tunnel to an unknown machine", HOST},
    {"paste_host", "Paste site", HOST},
    {"drop_host", "File drop", HOST},
    {"rebinding_host", "Name that resolves to any address", "the host, and the address in it"},
    {"chat_webhook", "Webhook of a chat", "the host and the path of such hooks"},
    {"service_webhook", "Webhook of a service", "the host and the path of such hooks"},
    {"metadata_service", "Metadata service of a cloud", "the address or name of the service, in any spelling"},
    {"disguised_address", "Address in an unusual spelling", "a spelling of the address that only disguises it"},
    {"disguised_host", "Host in an unusual spelling", "a spelling of the host that only disguises it"},
    {"loopback_url", "URL of the machine itself", "the host is the machine itself, in any spelling"},
    {"relative_host", "Another host where a path is expected",
     "the value begins with two slashes, and is nothing but a URL"},
    {"private_url", "URL in a private network", "the address is of a private network"},
    {"internal_name", "Name inside a network", "the name ends in a domain for internal use"},
    {"internal_parameter", "Internal address as a parameter", "a parameter that takes a URL, and an internal address"},
    {"raw_address", "URL with an address for a host", "the host is a public address"},
    {"dangerous_scheme", "Scheme that reaches further than the web", "the scheme of the URL"},
    {"handed_scheme", "Scheme that is handed to another program", "the scheme, where a URL of the web is expected"},
    {"jndi_lookup", "JNDI lookup", "a lookup, with its nesting undone"},
    {"local_file", "URL of a local file", "the scheme, and a path on this machine"},
    {"data_script", "Script in a data URL", "a type that is run, and its content"},
    {"script_url", "Script in place of a URL", "the scheme of the URL, and a statement"},
    {"userinfo_host", "Host in the place of a user", "what stands before @ looks like a host"},
    {"url_credentials", "User and password in a URL", "both stand before the host"},
    {"odd_slashes", "URL with other slashes", "slashes that readers disagree about"},
    {"split_authority", "URL with two readings", "characters in the authority that readers disagree about"},
    {"broken_url", "URL cut by blanks", "blanks inside the scheme or the host"},
    {"punycode_lookalike", "Look-alike host in punycode", "decoded, it looks like a known name or mixes scripts"},
    {"unicode_lookalike", "Look-alike host", "its letters look like those of a known name"},
    {"misspelt_host", "Misspelt host", "one letter from a known name"},
    {"prefixed_host", "Known name before another domain", "a known name stands where it decides nothing"},
    {"lure_host", "Host that lures", "words of sign-in and safety around a known name"},
    {"subdomain_data", "Data in a host name", "labels that are encoded data"},
    {"lookup_data", "Data in a lookup", "a lookup of a name with encoded data or a command's output"},
    {"substituted_host", "Command's output in a host name", "a substitution in the host"},
    {"markdown_leak", "Image or link that carries data away", "an address outside, with data in its query"},
    {"html_leak", "Element that carries data away", "an address outside, with data in its query"},
    {"query_leak", "Data in a query", "a query with encoded data or a template for it"},
};

const scanner_explanations explanations_suspicious_urls = {rows, sizeof(rows) / sizeof(rows[0])};
