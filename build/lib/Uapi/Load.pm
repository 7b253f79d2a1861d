# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# What the benchmark sends and what answers it: two tools/call messages of realistic text, the upstream's fixed result,
# a policy of ordinary size, and the wrk script that measures.
package Uapi::Load;
use strict;
use warnings;
use Exporter 'import';

our @EXPORT_OK = qw(fresh_secret call_body call_headers upstream_result policy_text wrk_script parse_wrk nginx_config);

my @paragraphs = (
    "Thank you for waiting. The delivery left our warehouse in Rotterdam on Tuesday and the carrier now expects it on "
        . "Friday between nine and noon; the driver will ring once and leave a card if nobody opens.",
    "I checked the order again: two of the three lamps are in stock, the third (walnut, 40 cm) comes from the workshop and "
        . "takes about ten days. We can send it separately at no charge, or hold everything until it is complete.",
    "Regarding your question about the invoice: the discount of 12% was applied to the goods, not to the freight, which is "
        . "why the total differs by \x{20ac}4.80 from what you expected. I have asked accounting to send a corrected copy.",
    "If the cable turns out to be damaged as well, please keep the packaging and take two pictures, one of the label and "
        . "one of the plug. Ms. Lindstr\x{f6}m from the returns desk will then arrange the collection for you.",
    "The warranty covers the motor for five years and the battery for two. Wear of the brushes is not included, but a set "
        . "costs less than a coffee and can be changed at home without tools; page 14 of the manual shows how.",
    "Our records say \"second floor, green door\". Should that have changed, a short answer to this message is enough and "
        . "the address of this delivery and of all later ones will be corrected.",
    "For the conference in May we would need the list of participants three weeks ahead: name, company, and whether they "
        . "come by train. Vegetarian meals are the default, everything else on request.",
);

# A tools/call of exactly `size` bytes: a support agent's comment on a ticket.
sub call_body {
    my ($size) = @_;
    my $head = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ticket_comment","arguments":'
        . '{"ticket":48213,"visibility":"public","language":"en","notify":["owner","watchers"],"text":"';
    my $tail = '"},"_meta":{"progressToken":1}}}';
    my $room = $size - length($head) - length $tail;
    my $text = '';
    for (my $i = 0; length $text < $room; $i++) {
        my $paragraph = sprintf('(%d) %s', $i + 1, $paragraphs[$i % @paragraphs]);
        utf8::encode($paragraph);
        $paragraph =~ s/(["\\])/\\$1/g;
        $text .= $paragraph . '\n\n';
    }
    # Cut before an escape or a character of several bytes, and fill up with what is neither.
    $text = substr $text, 0, $room;
    $text =~ s/(?:\\|[\xc0-\xff][\x80-\xbf]*)\z//;
    $text .= '.' x ($room - length $text);
    return "$head$text$tail";
}

sub call_headers {
    my ($token) = @_;
    return {
        'Host' => 'localhost',
        'User-Agent' => 'bench-agent/1.0',
        'Content-Type' => 'application/json',
        'Accept' => 'application/json, text/event-stream',
        'MCP-Protocol-Version' => '2025-11-25',
        defined $token ? ('Authorization' => "Bearer $token") : (),
    };
}

sub upstream_result {
    return '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text",'
        . '"text":"Comment 90211 was added to ticket 48213; two watchers were notified."}],"isError":false}}';
}

# A token of GitHub's shape and checksum that GitHub never issued, made anew each time: no scanner finds it in the
# source.
sub fresh_secret {
    my @digits = (0 .. 9, 'A' .. 'Z', 'a' .. 'z');
    my $body = join '', map { $digits[rand @digits] } 1 .. 30;
    my $crc = 0xffffffff;
    for my $byte (unpack 'C*', $body) {
        $crc ^= $byte;
        $crc = $crc & 1 ? ($crc >> 1) ^ 0xedb88320 : $crc >> 1 for 1 .. 8;
    }
    $crc ^= 0xffffffff;
    my $sum = '';
    for (1 .. 6) {
        $sum = $digits[$crc % 62] . $sum;
        $crc = int($crc / 62);
    }
    return 'gh' . 'p_' . $body . $sum;
}

# The upstream: it answers /mcp with the fixed result, and /credential with whether the credential came with the call.
sub nginx_config {
    my (%options) = @_;
    my $result = upstream_result();
    my $user = $options{user} ? "user $options{user}{name} $options{user}{group};" : '';
    my $check = $result;
    $check =~ s/Comment.*?notified\./credential received/;
    return <<"END";
$user
daemon off;
worker_processes 1;
pid $options{dir}/nginx.pid;
error_log $options{dir}/nginx.log warn;
events { worker_connections 4096; }
http {
    access_log off;
    default_type application/json;
    keepalive_timeout 3600s;
    keepalive_requests 1000000000;
    client_body_temp_path $options{dir}/nginx-body;
    proxy_temp_path $options{dir}/nginx-proxy;
    fastcgi_temp_path $options{dir}/nginx-fastcgi;
    uwsgi_temp_path $options{dir}/nginx-uwsgi;
    scgi_temp_path $options{dir}/nginx-scgi;
    server {
        listen 127.0.0.1:$options{port} backlog=1024;
        location / { return 200 '$result'; }
        location /credential {
            if (\$http_authorization = "Bearer $options{credential}") { return 200 '$check'; }
            return 200 '$result';
        }
    }
}
END
}

my %tools = (
    helpdesk => [qw(ticket_get ticket_search ticket_comment ticket_assign ticket_close customer_get macro_list)],
    github => [qw(issue_get issue_search issue_create pull_get pull_review file_get branch_list release_list)],
    stripe => [qw(charge_get charge_list invoice_get invoice_list refund_create customer_get balance_get)],
    calendar => [qw(event_get event_list event_create event_move room_find free_busy)],
    warehouse => [qw(stock_get stock_search order_get order_list shipment_track carrier_list)],
    wiki => [qw(page_get page_search page_create page_update space_list attachment_get)],
);

# Six servers and some fifty rules in four policies: the size of a real one. The token of the benchmark has role
# support.
sub policy_text {
    my ($tenant) = @_;
    my $text = '';
    my %rules;
    for my $server (sort keys %tools) {
        $rules{$server} = join '', map {
            my $id = "$server-" . tr/_/-/r;
            "    - {id: $id, effect: allow, server: $server, tools: [$_]}\n"
        } @{ $tools{$server} };
    }
    my %policies = (
        support => [qw(helpdesk warehouse wiki)],
        engineering => [qw(github calendar)],
        finance => [qw(stripe)],
    );
    for my $role (sort keys %policies) {
        $text .= "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: $role-agents, tenant: $tenant}\n"
            . "spec:\n  mode: enforce\n"
            . "  subjects: [{type: agent, roles: [$role]}]\n  rules:\n"
            . join('', map { $rules{$_} } @{ $policies{$role} }) . "---\n";
    }
    $text .= <<"END";
apiVersion: uapi/v1
kind: Policy
metadata: {name: guard-rails}
spec:
  mode: enforce
  rules:
    - {id: no-deletes, effect: deny, tools: ["*delete*", "*drop*", "*purge*"]}
    - {id: no-exports, effect: deny, tools: ["*export_all*", "bulk_*"]}
    - {id: no-shell, effect: deny, tools: ["shell*", "exec*", "*run_command*"]}
    - {id: no-admin, effect: deny, tools: ["admin_*", "*_admin", "role_*", "permission_*"]}
    - {id: no-secrets, effect: deny, tools: ["secret_*", "*_secret", "token_*", "*credential*"]}
    - {id: read-only-money, effect: deny, server: stripe, tools: ["*payout*", "*transfer*"]}
    - {id: no-force-push, effect: deny, server: github, tools: ["*force*", "branch_protect*"]}
    - {id: no-wiki-spaces, effect: deny, server: wiki, tools: ["space_create", "space_remove"]}
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: default}
spec:
  mode: enforce
  scanners:
    secrets: {request: block, response: redact}
END
    for my $server (sort keys %tools) {
        my $credential = $server eq 'helpdesk'
            ? "\n  credential: {name: helpdesk-key, inject: {header: Authorization, value: \"Bearer {secret}\"}}" : '';
        $text .= "---\napiVersion: uapi/v1\nkind: Server\nmetadata: {name: $server}\n"
            . "spec:\n  protocol: mcp$credential\n";
    }
    return $text;
}

# wrk's report is for people; this one is a line of numbers.
sub wrk_script {
    my ($body_file, $headers) = @_;
    my $lines = join '', map {"wrk.headers[\"$_\"] = \"$headers->{$_}\"\n"} sort keys %$headers;
    return <<"END";
local file = assert(io.open("$body_file", "rb"))
wrk.method = "POST"
wrk.body = file:read("*a")
file:close()
$lines
function done(summary, latency, requests)
   local errors = summary.errors
   print(string.format("UAPI-BENCH requests=%d duration=%d bytes=%d p50=%d p99=%d " ..
      "refused=%d connect=%d read=%d write=%d timeout=%d",
      summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
      errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end
END
}

sub parse_wrk {
    my ($text) = @_;
    my ($line) = $text =~ /^UAPI-BENCH (.*)/m or die "wrk did not report:\n$text";
    return { map { split /=/ } split / /, $line };
}

1;
