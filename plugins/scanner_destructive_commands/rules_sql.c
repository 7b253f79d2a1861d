/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * SQL: whole statements, in both directions; injections into a value, in requests only.
 */
#include "rule.h"
#include "sql_injection.h"
#include "sql_statement.h"

#define STATEMENT(NAME, SEVERITY, REGEX, KIND) \
    RULE(NAME, SEVERITY, UAPI_DIRECTION_BOTH, UAPI_PATTERN_CASELESS, REGEX, verify_statement, KIND)
#define INJECTION(NAME, SEVERITY, REGEX, KIND) ARGUMENT(NAME, SEVERITY, REGEX, verify_injection, KIND)

/* A blank, or what stands for one. */
#define GAP "(?:\\s|\\+|%20|\\*/)"
/* A quote or bracket that may end the literal the value stands in. */
#define OUT "(?:['\"`)]|%2[279])"

static const rule rules[] = {
    STATEMENT("sql_drop", CRITICAL,
              "\\bdrop\\s{1,4}(?:table|database|schema|view|index|user|role|tablespace|trigger|function|procedure|"
              "sequence|keyspace|"
              "collection|materialized\\s{1,4}view)\\s{1,4}(?:if\\s{1,4}exists\\s{1,4})?[a-z\"`\\[_0-9]",
              STATEMENT_OBJECT),
    STATEMENT("sql_truncate", CRITICAL, "\\btruncate\\s{1,4}table\\s{1,4}[a-z\"`\\[_]", STATEMENT_OBJECT),
    STATEMENT("sql_delete_all", HIGH, "\\bdelete\\s{1,4}from\\s{1,4}[a-z\"`\\[_]", STATEMENT_ROWS),
    STATEMENT(
        "sql_update_all", HIGH,
        "\\bupdate\\s{1,4}[a-z\"`\\[_.\\]]{1,32}\\s{1,4}set\\s{1,4}[a-z\"`\\[_.\\]0-9]{1,32}\\s{0,4}=", STATEMENT_ROWS),
    INJECTION("sql_injection_union", HIGH,
              "union|intersect|\\(\\s?select\\b|%28select|" OUT GAP "?(?:except|minus|select)\\b", SQL_UNION_SELECT),
    INJECTION("sql_injection_boolean", HIGH,
              "' ?(?:or|and|xor|like|rlike|regexp|not|div|mod|sounds|glob|collate|in|is)[\\s'\"(+/\\\\]|"
              "[\"`] ?(?:or|and|xor|like|rlike)[\\s'\"(+/]|['\"] ?[-=<>!*^&|+~/]{1,3} ?['\"(\\d@~!+-]|['\"]\\|\\|[a-z]",
              SQL_BOOLEAN | SQL_TAIL),
    INJECTION(
        "sql_injection_condition", HIGH,
        "%2[279](?:%20|\\+)?(?:\\||=|\\+|%7c|like|and|or|xor)|(?:\\bor|and|xor)[ +(]['\"(@+\\-\\d{]|(?:or|and)%20|"
        "\\*/(?:or|and|like)|\\b(?:or|and|xor) (?:true|false|null|not|select)\\b|\\b(?:or|and) "
        "(?:substr|substring|ascii|"
        "length|char|count|connection_id|current_user|isnull|if|ord|mid|left|convert|cast|hex|user|md5|ifnull|version|"
        "database|exists|x|a|id|user_?name|name|pass|password|email|title|column) ?[(=]|"
        "(?:\\|\\||&&) ?(?:[\\d'\"(]|[a-z_]{2,9}\\()|-- ?$",
        SQL_BOOLEAN | SQL_TAIL),
    INJECTION("sql_injection_stacked", HIGH,
              "(?:;|%3b)(?: "
              "|\\+|%20)?(?:select|insert|update|delete|drop|create|alter|exec|declare|truncate|merge|grant|shutdown|"
              "waitfor|set|load)\\b|'\\)? "
              "?(?:select|insert|update|delete|drop|create|alter|exec|declare|merge|grant|shutdown)\\b|"
              "declare(?:\\s|/\\*)|\\bexec(?:ute)?\\s?(?:\\(|immediate)|\\d update ",
              SQL_STACKED),
    INJECTION(
        "sql_injection_function", HIGH,
        "sleep ?\\(|sleep%28|benchmark ?\\(|waitfor" GAP "|randomblob|extractvalue|updatexml|load_file|xmltype|"
        "lo_import|lo_get\\(|dbms_|utl_inaddr|utl_http|json_keys|procedure" GAP "{1,2}analyse|load_extension|"
        "xp_[a-z]|\\bsp_[a-z]|outfile|dumpfile|\\binfile|xmlagg|aes_decrypt|sys_eval|sys_exec|make_set|gtid_subset|"
        "dblink_connect|pg_read_file|pg_ls_dir|pg_shadow|query_to_xml|\\belt\\(",
        SQL_TIMED),
    INJECTION(
        "sql_injection_tail", MEDIUM,
        "' ?(?:--|#|/\\*|; ?(?:--|#|$)|%23|, ?null|,\\(select|(?:order|group|having|limit|procedure|into|waitfor)\\b)|"
        "[\")] ?(?:--|#|; ?(?:--|#)|, ?null|(?:order|group|having|limit|procedure|into|waitfor)\\b)|"
        "%2[27](?:%20)?(?:--|#|%23|/\\*)|order by \\d|having\\s|where \\d",
        SQL_TAIL | SQL_BOOLEAN),
    INJECTION("sql_injection_schema", MEDIUM,
              "information_schema|pg_catalog|sysobjects|syscolumns|all_tables|all_users|sqlite_master|sys\\.user\\$|"
              "dba_users|mysql\\.(?:user|db)|pg_tables|pg_user|all_tab_columns|v\\$version|table_schema|schema_name|"
              "group_concat|"
              "::(?:int|bool|text|json|bigint|double|float|numeric|regclass)|md5 ?\\(|unhex ?\\(|uncompress ?\\(|"
              "database\\(|db_name\\(|current_user\\(|\\bchar\\(|starts_with\\(|unistr\\(|substring\\(|version\\(|"
              "current_setting\\(",
              SQL_SCHEMA_READ),
};

const rule_table rules_sql = TABLE(rules);
