/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Hosts that are made for taking data in: request bins, out-of-band interaction servers, tunnels, paste sites, file
 * drops, webhooks of messengers, and names that resolve to whatever address they contain. A mention is none: the host
 * must stand in a URL, or be followed by a path or port, or have a label of somebody's own before it.
 */
#include "rule.h"
#include "url.h"

enum {
    NEEDS_LABEL = 1 /* the bare domain is the maker's own site */
};

static const char *const own_labels[] = {"www",       "docs",  "doc",      "blog", "help",   "status", "support",
                                         "community", "forum", "download", "dist", "static", "assets", NULL};
static const char *const own_paths[] = {"docs",  "pricing",  "about",   "terms",   "privacy", "blog", "features", "faq",
                                        "login", "download", "contact", "product", "guide",   "help", "signup",   NULL};

static int is_own_path(uapi_string text, const url *made)
{
    size_t to = made->rest + 1;

    while (to < made->end && url_is_label(text.data[to])) {
        to++;
    }
    return made->rest < made->end && text.data[made->rest] == '/' && url_is_word(text, made->rest + 1, to, own_paths);
}

/* The label before the domain: 0 none or a placeholder, 1 the maker's own, 2 somebody's. */
static int label_before(uapi_string text, size_t domain)
{
    size_t from = domain - 1;

    if (domain < 2 || text.data[domain - 1] != '.') {
        return 0;
    }
    while (from > 0 && domain - from < 64 && url_is_label(text.data[from - 1])) {
        from--;
    }
    if (from == domain - 1) { /* "$(whoami).example", "`id`.example", "${x}.example" */
        return text.data[from - 1] == ')' || text.data[from - 1] == '`' || text.data[from - 1] == '}' ? 2 : 0;
    }
    return url_is_word(text, from, domain - 1, own_labels) ? 1 : 2;
}

/* "host:9999", or "host 9999" as nc and telnet take it. */
static int has_port_behind(uapi_string text, size_t at)
{
    size_t digits = at + 1;

    while (digits < text.length && digits < at + 7 && url_is_digit(text.data[digits])) {
        digits++;
    }
    return at < text.length && (text.data[at] == ' ' || text.data[at] == ':') && digits >= at + 3;
}

static int32_t verify_host(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t from = candidate->from, to = candidate->to;
    int in_url, label;
    char after = to < text.length ? text.data[to] : ' ';
    url made;

    if ((from > 0 && url_is_label(text.data[from - 1])) || url_is_label(after) ||
        (after == '.' && to + 1 < text.length && url_is_alnum(text.data[to + 1]))) {
        return 0;
    }
    in_url = url_around(text, from, &made);
    if (in_url && (made.host > from || made.host_end < to)) {
        return 0; /* in a path, a query or a user's name */
    }
    if (!in_url && made.scheme > 0 && text.data[made.scheme - 1] == '@') {
        return 0; /* a mail address */
    }
    label = label_before(text, from);
    if (label == 0 && (self->argument & NEEDS_LABEL) && !has_port_behind(text, to)) {
        return 0;
    }
    if (label == 1) {
        return 0;
    }
    made.rest = made.host_end = to; /* the same for both kinds from here on */
    if (label < 2 && !in_url && !(after == '/' && to + 1 < text.length && !url_is_end(text.data[to + 1])) &&
        !has_port_behind(text, to)) {
        return 0;
    }
    if (label < 2 && is_own_path(text, &made)) {
        return 0;
    }
    finding->from = in_url ? made.host : made.scheme;
    finding->to = to;
    return 1;
}

/* An endpoint that takes messages: what stands in the URL behind the host is its secret. */
static int32_t verify_webhook(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    url made;

    (void)self;
    if (candidate->from > 0 && url_is_label(text.data[candidate->from - 1])) {
        return 0;
    }
    url_around(text, candidate->from, &made);
    finding->from = made.host;
    finding->to = made.end > candidate->to ? made.end : candidate->to;
    return 1;
}

static const rule rules[] = {
    RULE("capture_host", HIGH,
         "(?:webhook\\.(?:site|cool)|webhook-test\\.com|webhookinbox\\.com|typedwebhook\\.tools"
         "|requestbin\\.(?:com|net|io|cn)|requestbin\\.fullcontact\\.com|requestbin\\.whapi\\.cloud"
         "|requestcatcher\\.com|requestinspector\\.com|requestrepo\\.com|hookbin\\.com|hookb\\.in"
         "|putsreq\\.(?:com|herokuapp\\.com)|postb\\.in|ptsv[23]\\.com|beeceptor\\.com|pipedream\\.net"
         "|smee\\.io|httpdump\\.(?:io|app)|rbaskets\\.in|play\\.svix\\.com|events\\.hookdeck\\.com"
         "|hkdk\\.events|mockbin\\.(?:io|org)|webhookrelay\\.com|grabify\\.link|iplogger\\.(?:org|com|co|ru|info)|"
         "yip\\.su|2no\\.co|blasze\\.com|run\\.mocky\\.io|callback\\.red)",
         verify_host, 0),
    RULE("callback_host", CRITICAL,
         "(?:oast\\.(?:fun|pro|live|site|online|me|us)|interact\\.sh|interactsh\\.com|burpcollaborator\\.net"
         "|oastify\\.com|dnslog\\.(?:cn|pw|link|org|cc|store|ink)|ceye\\.io|bxss\\.me|xss\\.(?:ht|report)"
         "|xsshunter\\.com|xsshunter\\.trufflesecurity\\.com|dnsbin\\.zhack\\.ca|canarytokens\\.(?:com|org)"
         "|pingb\\.in|eyes\\.sh|log4shell\\.tools|bugpoc\\.ninja|r87\\.(?:me|com))",
         verify_host, NEEDS_LABEL),
    RULE("tunnel_host", HIGH,
         "(?:ngrok(?:-free)?\\.(?:app|dev|io|pizza)|trycloudflare\\.com|loca\\.lt|localtunnel\\.me"
         "|localhost\\.run|lhr\\.(?:life|rocks|domains)|lhrtunnel\\.link|serveo\\.net|serveousercontent\\.com"
         "|pagekite\\.me|bore\\.pub|zrok\\.io|tunnelto\\.dev|tunnelmole\\.(?:com|net)|devtunnels\\.ms"
         "|pinggy\\.(?:io|link|online)|loclx\\.io|localxpose\\.io|telebit\\.(?:io|cloud)|playit\\.gg"
         "|portmap\\.(?:io|host)|sharedwithexpose\\.com|packetriot\\.(?:com|net)|tunnel\\.pyjam\\.as"
         "|cpolar\\.(?:io|cn|top)|natappfree\\.cc|jprq\\.(?:live|io))",
         verify_host, NEEDS_LABEL),
    RULE("paste_host", MEDIUM,
         "(?:pastebin\\.(?:com|pl|ai|fr)|paste\\.ee|hastebin\\.com|toptal\\.com/developers/hastebin"
         "|dpaste\\.(?:org|com|de)|ghostbin\\.(?:com|co|site|me)|rentry\\.(?:co|org)|ix\\.io|sprunge\\.us"
         "|termbin\\.com|0bin\\.net|privatebin\\.(?:net|info)|paste\\.(?:rs|gg|sh)"
         "|paste\\.(?:c-net|centos|opensuse|mozilla)\\.org|paste\\.debian\\.net|pastes\\.(?:io|dev)"
         "|controlc\\.com|justpaste\\.(?:it|me)|clbin\\.com|bpa\\.st|p\\.ip\\.fi|pastecode\\.io|pastery\\.net"
         "|cl1p\\.net|textbin\\.net|throwbin\\.io|katb\\.in|bin\\.disroot\\.org|doxbin\\.(?:com|org|net)"
         "|friendpaste\\.com|snippet\\.host|mystb\\.in|pst\\.klgrth\\.io)",
         verify_host, 0),
    RULE("drop_host", HIGH,
         "(?:keep\\.sh|transfer\\.(?:sh|archivete\\.am|adminforge\\.de)|file\\.io|0x0\\.st|x0\\.at|temp\\.sh"
         "|ttm\\.sh|envs\\.sh|anonfiles?\\.(?:com|io|me|la)|bayfiles\\.com|anonymfile\\.com|gofile\\.(?:io|me)"
         "|bashupload\\.(?:com|app)|oshi\\.at|catbox\\.moe|tmpfiles\\.org|uguu\\.se|filebin\\.net"
         "|pixeldrain\\.com|file\\.coffee|ufile\\.io|wormhole\\.app|send\\.(?:vis\\.ee|zcyph\\.cc)"
         "|sendspace\\.com|filetransfer\\.io|fileditch\\.com|pomf\\.(?:cat|lain\\.la)|dropmefiles\\.com"
         "|upload\\.ee|workupload\\.com|easyupload\\.io|zippyshare\\.com|krakenfiles\\.com|qu\\.ax"
         "|cockfile\\.com|put\\.re|chunk\\.io|siasky\\.net|api\\.filemail\\.com|g\\.api\\.mega\\.co\\.nz"
         "|tmp\\.ninja)",
         verify_host, 0),
    RULE("rebinding_host", HIGH,
         "(?:nip\\.io|sslip\\.io|xip\\.(?:io|name)|localtest\\.me|lvh\\.me|vcap\\.me|lacolhost\\.com"
         "|localho\\.st|fuf\\.me|rbndr\\.us|rebind\\.(?:it|network)|1u\\.ms|traefik\\.me|local\\.gd"
         "|backname\\.io|localdev\\.me|localhost\\.direct|127-0-0-1\\.org\\.uk|yoogle\\.com"
         "|local\\.sisteminha\\.com|smackaho\\.st|lndo\\.site|ddev\\.site|bugbounty\\.dod\\.network"
         "|mail\\.ebc\\.apple\\.com|spoofed\\.burpcollaborator\\.net)",
         verify_host, 0),
    RULE("chat_webhook", HIGH,
         "api\\.telegram\\.org/(?:file/)?bot[0-9${]|discord(?:app)?\\.com/api/(?:v[0-9]{1,2}/)?webhooks/[0-9]{3}"
         "|media\\.guilded\\.gg/webhooks/[0-9a-f]{8}",
         verify_webhook, 0),
    RULE("service_webhook", MEDIUM,
         "hooks\\.slack\\.com/(?:services|workflows|triggers)/[0-9a-z]{3}"
         "|webhook\\.office\\.com/webhookb2/[0-9a-z]|hooks\\.zapier\\.com/hooks/catch/[0-9]"
         "|maker\\.ifttt\\.com/(?:trigger|use)/[0-9a-z_]|hook\\.(?:[a-z0-9]{3,4}\\.)?make\\.com/[0-9a-z]{10}"
         "|hook\\.integromat\\.com/[0-9a-z]{10}|n8n\\.cloud/webhook(?:-test)?/[0-9a-z]"
         "|script\\.google\\.com/macros/s/[0-9a-z_-]{20}"
         "|docs\\.google\\.com/forms/(?:u/[0-9]/)?d/e/[0-9a-z_-]{20,60}/formresponse"
         "|chat\\.googleapis\\.com/v1/spaces/[0-9a-z_-]{6,24}/messages|ntfy\\.sh/[0-9a-z_-]{3}"
         "|logic\\.azure\\.com(?::443)?/workflows/[0-9a-z]|formspree\\.io/f/[0-9a-z]|qyapi\\.weixin\\.qq\\.com/cgi-bin/"
         "webhook/send"
         "|open\\.feishu\\.cn/open-apis/bot/v2/hook/[0-9a-f]{6}|oapi\\.dingtalk\\.com/robot/send\\?access_token",
         verify_webhook, 0),
};

const rule_table rules_hosts = TABLE(rules);
