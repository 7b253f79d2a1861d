/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * After the skeletons of Unicode Technical Standard 39, section 4, with what is done in names of tools: digits for letters.
 * A digit counts only where the word that it would make is one that names of tools are made of, because versions, numbers
 * and formats have digits as well.
 */
#include <string.h>

#include "tool_name.h"
#include "../scanner_argument.h"

static const char words[] = " account action add admin agent alert all analyze api app append apply approve archive "
                            "article asset attach audit balance bash"
                            " batch block board book branch browser bucket build bulk calculate calendar call cancel "
                            "card channel chat check clear click client"
                            " clone close cloud code collection column command comment commit compare config confirm "
                            "connect contact contacts content context"
                            " copy count create credential current customer data database delete deploy describe diff "
                            "directory disable docker document"
                            " documents download edit email emails enable end entity environment error evaluate event "
                            "events exec execute exit export extract"
                            " fetch field file files fill filter find folder form format function generate get git "
                            "group health help history host image"
                            " import index info insert install invoice invoke issue issues item items job key keys "
                            "kill label latest link list load local"
                            " login logs lookup mail main make manage map mark memory merge message messages metadata "
                            "model modify move multiple name"
                            " navigate network new node note notes open order package page pages parse password paste "
                            "patch path pay payment ping play"
                            " policy post print process product profile project prompt publish pull push query queue "
                            "read record records refresh release"
                            " reload remove rename render replace reply repo repository request reset resolve resource "
                            "response result results retrieve review"
                            " role run save schedule schema screenshot script search secret secrets select send server "
                            "service session set settings shell"
                            " show site slack source space sql start status step stop store stream string submit "
                            "subscribe summary sync system table tag task"
                            " tasks team template terminal test text thread ticket time token tool tools trace track "
                            "transaction transfer translate tree"
                            " trigger type undo update upload url use user users validate value verify version video "
                            "view volume wait weather web webhook"
                            " wiki workflow workspace write ";

static const char *const servers[] = {
    "github",   "gitlab",      "bitbucket",  "slack",     "stripe",        "filesystem", "postgres",   "postgresql",
    "google",   "gmail",       "microsoft",  "anthropic", "openai",        "atlassian",  "confluence", "jira",
    "notion",   "figma",       "playwright", "puppeteer", "sqlite",        "redis",      "docker",     "kubernetes",
    "azure",    "cloudflare",  "sentry",     "linear",    "paypal",        "shopify",    "salesforce", "hubspot",
    "zapier",   "supabase",    "vercel",     "mongodb",   "elasticsearch", "snowflake",  "databricks", "datadog",
    "grafana",  "terraform",   "whatsapp",   "telegram",  "discord",       "dropbox",    "airtable",   "asana",
    "trello",   "zendesk",     "servicenow", "pagerduty", "netlify",       "heroku",     "firebase",   "outlook",
    "context7", "browserbase", "firecrawl",  "perplexity"};

/* ------------------------------------------------------------- characters */

static uint32_t character(const uapi_string *text, size_t at, size_t to, size_t *length)
{
    unsigned char lead = (unsigned char)text->data[at];
    size_t want = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t result = want == 1 ? lead : lead & (0x7fu >> want);

    if (want > to - at) {
        *length = to - at;
        return 0;
    }
    for (size_t i = 1; i < want; i++) {
        result = result << 6 | ((unsigned char)text->data[at + i] & 0x3f);
    }
    *length = want;
    return result;
}

static int is_unseen(uint32_t c)
{
    return c == 0xad || c == 0x34f || c == 0x61c || c == 0x115f || c == 0x1160 || c == 0x17b4 || c == 0x17b5 ||
           (c >= 0x180b && c <= 0x180e) || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0x3164 || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff || c == 0xffa0 ||
           (c >= 0xe0000 && c <= 0xe01ef);
}

/* Latin letters in another form, and letters of scripts that have look-alikes of them. */
static int is_foreign(uint32_t c)
{
    return (c >= 0x370 && c <= 0x58f) || (c >= 0x13a0 && c <= 0x13ff) || (c >= 0xab70 && c <= 0xabbf) ||
           (c >= 0x1d00 && c <= 0x1dbf) || (c >= 0x2100 && c <= 0x214f) || (c >= 0x1d400 && c <= 0x1d7ff) ||
           (c >= 0xff21 && c <= 0xff5a);
}

static int is_letter(char c)
{
    return text_small(c) >= 'a' && text_small(c) <= 'z';
}

static char as_letter(char c)
{
    static const char pairs[] = "0o1l3e4a5s7t8b$s@a|l!i";

    for (size_t i = 0; pairs[i]; i += 2) {
        if (pairs[i] == c) {
            return pairs[i + 1];
        }
    }
    return text_small(c);
}

/* ------------------------------------------------------------- words with digits in them */

static int is_known(const char *word, size_t length)
{
    char wanted[TOOL_NAME_LONGEST + 3];

    wanted[0] = ' ';
    memcpy(wanted + 1, word, length);
    memcpy(wanted + 1 + length, " ", 2);
    return strstr(words, wanted) != NULL;
}

/* 1 and 0 are read as two letters each. */
static int makes_word(char *word, size_t length)
{
    if (is_known(word, length)) {
        return 1;
    }
    for (size_t i = 0; i < length; i++) {
        if (word[i] == 'l') {
            word[i] = 'i';
            if (is_known(word, length)) {
                return 1;
            }
            word[i] = 'l';
        }
    }
    return 0;
}

static int is_disguised_word(const uapi_string *text, size_t from, size_t to)
{
    char word[TOOL_NAME_LONGEST];
    size_t digits = 0, letters = 0;

    if (to - from < 4 || to - from >= TOOL_NAME_LONGEST) {
        return 0;
    }
    for (size_t i = from; i < to; i++) {
        letters += (size_t)is_letter(text->data[i]);
        digits += (size_t)!is_letter(text->data[i]);
        word[i - from] = as_letter(text->data[i]);
    }
    return digits && digits <= letters && makes_word(word, to - from);
}

tool_name_fault tool_name_judge(const uapi_string *text, size_t from, size_t to)
{
    size_t at, length, start = from;
    int latin = 0, foreign = 0;

    for (at = from; at < to; at += length) {
        uint32_t c = character(text, at, to, &length);

        if (is_unseen(c)) {
            return TOOL_NAME_HIDDEN;
        }
        latin |= c < 0x80 && is_letter((char)c);
        foreign |= is_foreign(c);
    }
    if (latin && foreign) {
        return TOOL_NAME_LOOKALIKE;
    }
    for (at = from; at <= to; at++) {
        int edge = at == to || (!text_is_alnum(text->data[at]) && !strchr("$@|!", text->data[at])) || !text->data[at] ||
                   (at > start && text->data[at] >= 'A' && text->data[at] <= 'Z' && text->data[at - 1] >= 'a');

        if (edge) {
            if (is_disguised_word(text, start, at)) {
                return TOOL_NAME_LOOKALIKE;
            }
            start = at < to && text_is_alnum(text->data[at]) ? at : at + 1;
        }
    }
    return TOOL_NAME_GOOD;
}

/* ------------------------------------------------------------- skeletons */

void tool_name_skeleton(const uapi_string *text, size_t from, size_t to, char skeleton[TOOL_NAME_LONGEST])
{
    size_t used = 0;

    for (size_t i = from; i < to; i++) {
        char c = as_letter(text->data[i]), next = i + 1 < to ? text_small(text->data[i + 1]) : 0;

        if ((c == 'r' && next == 'n') || (c == 'v' && next == 'v')) {
            c = c == 'r' ? 'm' : 'w';
            i++;
        }
        c = c == 'i' ? 'l' : c == '-' || c == '.' || c == ' ' ? '_' : c;
        if (used + 1 == TOOL_NAME_LONGEST) {
            used = 0;
            break;
        }
        skeleton[used++] = c;
    }
    skeleton[used] = '\0';
}

/* One letter twice, missing, or two in the wrong order. */
static int is_misspelt(const char *name, size_t length, const char *known)
{
    size_t wanted = strlen(known), i = 0;

    if (wanted < 6) {
        return 0;
    }
    while (i < length && i < wanted && name[i] == known[i]) {
        i++;
    }
    if (length == wanted) {
        return i + 1 < length && name[i] == known[i + 1] && name[i + 1] == known[i] &&
               memcmp(name + i + 2, known + i + 2, length - i - 2) == 0;
    }
    if (length == wanted + 1) { /* a letter twice */
        return i > 0 && name[i] == name[i - 1] && memcmp(name + i + 1, known + i, wanted - i) == 0;
    }
    return length + 1 == wanted && i > 0 && memcmp(name + i, known + i + 1, length - i) == 0;
}

static int imitates(const uapi_string *text, size_t from, size_t to)
{
    char name[32], skeleton[TOOL_NAME_LONGEST], known[TOOL_NAME_LONGEST];
    size_t length = to - from;

    if (length < 4 || length >= sizeof(name)) {
        return 0;
    }
    for (size_t i = 0; i < length; i++) {
        name[i] = text_small(text->data[from + i]);
    }
    tool_name_skeleton(text, from, to, skeleton);
    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
        uapi_string server = {servers[i], strlen(servers[i])};

        if (server.length == length && memcmp(name, server.data, length) == 0) {
            return 0;
        }
        tool_name_skeleton(&server, 0, server.length, known);
        if (strcmp(skeleton, known) == 0 || is_misspelt(name, length, server.data)) {
            return 1;
        }
    }
    return 0;
}

int tool_name_imitates_server(const uapi_string *text, size_t from, size_t to)
{
    size_t start = from;

    for (size_t at = from; at <= to; at++) {
        if (at == to || !text_is_alnum(text->data[at])) {
            if (imitates(text, start, at)) {
                return 1;
            }
            start = at + 1;
        }
    }
    return 0;
}
