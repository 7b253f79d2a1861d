/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What is dangerous only because a server behind the tool would interpret it: code of the server's language,
 * templates, markup. Requests only: in a response the same text is what a document or a page is made of. Most signs
 * count in short values only, because a long one is a file that somebody works on; `argument` is how many blanks a
 * value may have.
 */
#include "rule.h"

#define SIGN(NAME, SEVERITY, REGEX) ARGUMENT(NAME, SEVERITY, REGEX, verify_any, 0)
#define SHORT(NAME, SEVERITY, BLANKS, REGEX) ARGUMENT(NAME, SEVERITY, REGEX, verify_short, BLANKS)

static const rule rules[] = {
    SIGN("shellshock", CRITICAL, "\\(\\)\\s{0,3}\\{\\s{0,3}[:_]\\s{0,2};"),
    ARGUMENT(
        "command_injection", HIGH,
        "[;|&`\\n] ?['\"]?(?:id|whoami|who|uname|ifconfig|ipconfig|ps|pwd|ls|dir|cat|sleep|ping|nslookup|curl|wget|net|"
        "netstat|env|set|printenv|phpinfo|rmt|base64|lastlog|htop|type|tac|iwr|iex|mshta|regedit|systeminfo)\\b|"
        "[;|&`\\n]/(?:usr/)?bin/|\\$\\((?:id|whoami|uname|cat|ls|sleep|curl)\\b|%0a[/a-z]|/bi\\[|/\\[[a-z]\\]|/etc/"
        "\\[|cat<|"
        "\\$SHELL |<<<|\\{,[a-z]|\\{id,|\\{l,",
        verify_chained, 0),
    SIGN("jndi_lookup", CRITICAL,
         "\\$\\{jndi|\\$\\{(?:\\$\\{)?(?:lower:|upper:|::-|env:[a-z_]{1,20}:-)|%7bjndi|&lbrace;jndi|u007bjndi"),
    SHORT(
        "java_injection", HIGH, 12,
        "java\\.(?:io|lang|util|net|runtime|processbuilder)|javax\\.(?:script|naming|management)|com\\.opensymphony|"
        "com\\.sun\\.org|"
        "processbuilder|(?:clone|instantiate|invoker|chained)transformer|prototype(?:clone|serialization)factory|rO0AB|"
        "getRuntime\\(|\\. ?jspx?[\\s.\"]|\\.jspx?$"),
    SHORT("php_injection", HIGH, 12,
          "<\\?(?:php|=|\\s|xml\\s{1,2}:)|(?:base64_decode|gzuncompress|zlib_decode|phpinfo|passthru|shell_exec|"
          "fsockopen|proc_open|"
          "curl_init|get_defined_vars|get_defined_functions|print_r|substr|unpack|is_array|call_user_func|create_"
          "function|\\bassert)"
          "=?\\(|print_r=|(?:\\bexec|system|\\beval|popen)(?:\\(|\\s?/\\*|\\s#|\\s{0,2}/\\*)|\\bo:\\d{1,4}:[\"&]|php://"
          "|phar://|"
          "expect://|\\$_(?:get|post|cookie|server|request|files|session)|\\$globals|sess_[a-z0-9,-]{16}|"
          "\\.ph(?:p[3-8]|ps|tml|ar)\\b|\\.php[. ]{1,20}(?:$|\")|"
          "(?:allow_url_|auto_prepend_|memory_limit|extension_dir|unserialize_max|mbstring\\.|disable_functions)|"
          "\\$[a-z_]{1,16}(?:\\[['\"]?[a-z]{1,16}['\"]?\\])?\\(\\d|\\$\\s{0,20}\\{\\s{0,20}(?:\\$[a-z]|['@][a-z$_])|"
          "\\)\\s?\\(['\"]?(?:uname|ls|id|whoami)|\\bextension="),
    SHORT("template_injection", HIGH, 16,
          "__(?:class|mro|subclasses|globals|builtins|proto|init|import)__|\\{\\{[^}]{0,24}(?:\\d\\s?\\*|\\(|\\||\\."
          "class|config|self\\.|request)|"
          "[#$]\\{[^}]{0,8}\\d\\*|#\\{[^}]{0,24}(?:exec|runtime)|<%[=\\s][^%]{0,24}(?:system|exec|file|`|\\*)|"
          "freemarker\\.template|"
          "constructor\\]?[.\\[]|nd_func|u0044_FUNC|__js_function|child_process|process\\.?\\[?(?:mainmodule|binding|"
          "spawn)|"
          "require\\[|module\\.exports|while\\((?:true|!|new date|\\+)|\\.os\\.system\\(|\\$\\{self\\."),
    SHORT("script_injection", MEDIUM, 60,
          "<script|<\\s/?script|</script|:script\\b|javascript(?::| :|&colon|&#)|url\\(javascript|vbscript:|"
          "\\bon(?:error|load|unload|click|dblclick|mouse|focus|blur|toggle|key|submit|change|input|drag|drop|pointer|"
          "animation|"
          "transition|before|after|start|end|begin|repeat|finish|scroll|resize|copy|cut|paste|play|show|message|"
          "popstate|hashchange|"
          "ready|select|search|touch|wheel|can|time|xxx|activate|bounce|cell|zoom|web)|"
          "<(?:iframe|object|embed|applet|meta|base|isindex|frameset|marquee|bgsound|style|link|animate|math|svg)[\\s/"
          "%]|<style>|"
          "document(?:/\\*| /\\*|\\. ?(?:cookie|domain|write|location))|window\\.(?:location|name)|"
          "\\b(?:alert|prompt|confirm|atob|setinterval|settimeout)[(`]|alert&#|fromcharcode|<!--#|-moz-binding|"
          "expression\\(|"
          "@import|new "
          "function\\(|call\\s?`\\s?\\$|map`|formaction|%3cscript|&lt;(?:script|base|meta|iframe|svg|img)|&#60;script|"
          "(?:\\+|%2b)ADw-|xlink:href|\\]\\[\\(!|\\(!\\[\\]|\\+!!\\[\\]|&(?:tab|newline|colon|lpar);|<v:|onerror%3d"),
    SHORT("xml_entity", HIGH, 80,
          "!entity\\s|<!doctype\\s[^>\\[]{0,24}\\[|<xi:include|system\\s{1,3}[\"']file:|<\\?import\\s"),
    SHORT("nosql_injection", MEDIUM, 8,
          "\\[\\$(?:ne|gt|lt|regex|where|in|nin)\\]|\\$where|\\$(?:ne|gte?)[\"']?\\s?:\\s?(?:[\"']{2}|null|1\\b)|"
          "mapreduce\\(|this\\.passw|"
          "\\$comment\\s?:"),
};

const rule_table rules_injection = TABLE(rules);
