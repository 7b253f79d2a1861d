/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "rule.h"

static const scanner_explanation texts[] = {
    {"file_upload", "File sent with an HTTP client", "a command sends a file, or another one's output, to a host"},
    {"network_copy", "File copied to another host", "what is copied is worth it, or the host is foreign"},
    {"raw_connection", "Data sent over a raw connection", "a command's output or a file goes into a socket"},
    {"encoded_send", "Data encoded and sent", "what is sent was encoded before"},
    {"mail_send", "Secrets or whole trees sent by mail", "what is mailed is worth it, or its address is strange"},
    {"cloud_copy", "Whole buckets or folders copied", "the copy is of a whole bucket or folder"},
    {"public_share", "Data made public", "who may read it is everybody"},
    {"database_dump", "Dump of a database", "the command takes a whole database"},
    {"secret_store_dump", "All secrets of a store", "the command reads a store's secrets"},
    {"archive_collect", "Homes or configuration put into an archive",
     "what goes into the archive is a whole tree or secret"},
    {"file_harvest", "Search for secrets over the disk", "the search is wide, and for what secrets are called"},
    {"code_upload", "Program that sends files, cookies or the environment",
     "a call sends what is worth it to a foreign host"},
    {"select_all", "Query for a whole table", "nothing bounds the statement"},
    {"sensitive_table", "Query for all persons or credentials",
     "nothing bounds the statement, and the table or its columns are sensitive"},
    {"sql_export", "Query that writes its answer elsewhere", "the statement names where to write"},
    {"document_dump", "Query for all documents", "nothing bounds the query"},
    {"huge_limit", "Request for very many records", "the limit is as high as the option says"},
    {"no_limit", "Request without a limit", "the limit is taken off"},
    {"export_all", "Request for everything of a kind", "what is asked for is sensitive"},
    {"send_instruction", "Instruction to send something away",
     "the sentence names what is worth it and a foreign place"},
    {"encoded_payload", "Much encoded text, or an archive", "the run was decoded"},
    {"encoded_secret", "Encoded secret", "the run was decoded, and speaks of secrets or persons"},
    {"page_walk", "Walk through pages", "the principal's calls have stepped up that often in a row"},
    {"many_records", "Very many similar records", "they were counted"},
    {"large_answer", "Very large answer", "it was measured"},
    {"unusual_volume", "Far more than the principal used to take",
     "the window was compared with the principal's earlier ones"},
};

const scanner_explanations explanations_exfiltration = {texts, sizeof(texts) / sizeof(texts[0])};
