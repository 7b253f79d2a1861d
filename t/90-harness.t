# Licensed under the Apache License, Version 2.0; see LICENSE.
# The test house itself: what the other tests trust it to do, and above all that it fails when it should.
use lib 't/lib';
use Uapi::Test;
use File::Temp ();

# What a script of that content gives when it is run as a test of its own.
sub verdict_of {
    my ($script) = @_;
    my $text = "use lib 't/lib'; use Uapi::Test;\n$script\n";
    my ($status, $output, $errors) = run([$^X, '-e', $text], seconds => 90);
    return { status => $status, text => $output . $errors };
}

subtest 'a request travels to the upstream and back, byte for byte' => sub {
    my $upstream = upstream(sub { my ($request, $reply) = @_; $reply->json($request->{body}) });
    my $httpd = httpd("ProxyPass / @{[ $upstream->url('/') ]}\n", uapi => 0);
    my $body = join '', map { chr } 0 .. 255;
    my $answer = http('POST', $httpd->url('/x?y'), body => $body, headers => ['X-One' => '1']);
    is $answer->{status}, 200;
    is $answer->{body}, $body, 'the body came back';
    my $request = $upstream->last_request;
    is $request->{body}, $body, 'and is what the upstream saw';
    is $request->{target}, '/x?y';
    is $request->header('X-One'), '1';
    is scalar $httpd->children, 2, 'two children';
    like $httpd->access_log, qr/POST/;
};

subtest 'pieces of a stream come with their times' => sub {
    my $upstream = upstream(sub { $_[1]->sse([{ n => 1 }, { n => 2 }, { n => 3 }], delay => 0.3) });
    my $httpd = httpd("ProxyPass / @{[ $upstream->url('/') ]} flushpackets=on\n", uapi => 0);
    my $answer = http('GET', $httpd->url('/'));
    is_deeply [map { from_json($_->{data})->{n} } sse_events($answer->{body})], [1, 2, 3];
    cmp_ok $answer->{pieces}[-1][0] - $answer->{pieces}[0][0], '>', 0.4, 'the last came later than the first';
};

subtest 'an upstream that breaks off' => sub {
    my $upstream = upstream(sub { $_[1]->start(200)->chunk('half')->reset });
    my $broken = http('GET', $upstream->url('/'));
    is $broken->{complete}, 0, 'is seen';
    $upstream->stop;
    ok !eval { connect_to($upstream->port) }, 'stopped: connections are refused';
    $upstream->resume;
    is http('GET', $upstream->url('/'))->{status}, 200, 'resumed';
    is scalar $upstream->requests, 2;
};

subtest 'MCP calls' => sub {
    my $plain = upstream();
    my $call = mcp_call($plain->url('/mcp'), 'secret', 'tools/call', { name => 'echo', arguments => { text => 'hi' } });
    is $call->{result}{content}[0]{text}, 'hi';
    is $plain->last_request->header('Authorization'), 'Bearer secret';
    is mcp_call($plain->url('/mcp'), undef, 'notifications/initialized', {}, id => undef)->{status}, 202;
    is mcp_call($plain->url('/mcp'), undef, 'no/such')->{error}{code}, -32601;
    my $modern = mcp_call($plain->url('/mcp'), undef, 'tools/call', { name => 'echo' }, version => '2026-07-28');
    is $plain->last_request->header('Mcp-Name'), 'echo';
    my $stream = upstream(sse => 1);
    my $streamed = mcp_call($stream->url('/mcp'), undef, 'tools/list', undef, headers => [Accept => undef, 'X-A' => 'b']);
    is $streamed->{result}{tools}[0]{name}, 'echo';
    is $stream->last_request->header('Accept'), undef, 'a header can be left out';
};

subtest 'restarts, other MPMs, further ports' => sub {
    for my $mpm (qw(event worker prefork)) {
        my $httpd = httpd("Listen 127.0.0.1:\@PORT2\@\nRedirect 404 /\n", uapi => 0, mpm => $mpm);
        my @before = $httpd->children;
        ok $httpd->graceful, "$mpm: graceful";
        ok wait_for(10, sub { my %now = map { $_ => 1 } $httpd->children; !grep { $now{$_} } @before }), 'other children';
        ok $httpd->restart, "$mpm: restart";
        is http('GET', $httpd->url('/', 2))->{status}, 404, 'the second port';
    }
};

subtest 'configuration that httpd refuses' => sub {
    my ($status, $output) = config_test("NoSuchDirective on\n", uapi => 0);
    isnt $status, 0;
    like $output, qr/NoSuchDirective/;
    ($status, $output) = config_test("Redirect 404 /\n", uapi => 0);
    is $status, 0, $output;
    my $verdict = verdict_of('httpd("NoSuchDirective on\n", uapi => 0); done_testing;');
    isnt $verdict->{status}, 0, 'a server that does not start fails the test';
    like $verdict->{text}, qr/NoSuchDirective/, 'and says why';
};

subtest 'the guard fails a test' => sub {
    my $noisy = 'ProxyPass / http://127.0.0.1:9/';    # nothing listens there, so mod_proxy logs errors
    my %script = (
        'logged: .*AH01114' => qq{my \$h = httpd("$noisy\\n", uapi => 0); http('GET', \$h->url('/')); pass; done_testing;},
        'never logged' => q{my $h = httpd("Redirect 404 /\n", uapi => 0); $h->expect_log(qr/no such line/); pass; done_testing;},
        'exit signal Segmentation' => q{my $h = httpd("Redirect 404 /\n", uapi => 0); kill 'SEGV', ($h->children)[0];
            $h->wait_log(qr/exit signal/); pass; done_testing;},
        'httpd ended with signal 9' => q{my $h = httpd("Redirect 404 /\n", uapi => 0); kill 'KILL', $h->pid; sleep 0.5;
            pass; done_testing;},
        'logged: AddressSanitizer' => q{my $h = httpd("Redirect 404 /\n", uapi => 0); open my $f, '>>', $h->error_log_file;
            print $f "AddressSanitizer: oh\n"; close $f; pass; done_testing;},
        'took longer than 1 s' => q{Uapi::Test->import(timeout => 1); my $h = httpd("Redirect 404 /\n", uapi => 0); sleep 20; done_testing;},
    );
    for my $complaint (sort keys %script) {
        my $verdict = verdict_of($script{$complaint});
        isnt $verdict->{status}, 0, "fails: $complaint";
        like $verdict->{text}, qr/$complaint/, 'and says so';
    }
    my $announced = verdict_of(qq{my \$h = httpd("$noisy\\n", uapi => 0); \$h->expect_log(qr/AH01114/);
        \$h->allow_log(qr/AH00957|AH00959/); is http('GET', \$h->url('/'))->{status}, 503; done_testing;});
    is $announced->{status}, 0, 'but not for what was announced' or diag $announced->{text};
};

subtest 'a killed test leaves nothing behind' => sub {
    my $folder = File::Temp->newdir;
    local $ENV{TMPDIR} = $folder;
    my $note = "$folder/note";
    my $pid = Uapi::Process::spawn([$^X, '-e', qq{use lib 't/lib'; use Uapi::Test; my \$h = httpd("Redirect 404 /\\n", uapi => 0);
        my \$u = upstream(); open my \$f, '>', '$note.new'; print \$f \$h->pid, ' ', \$u->{pid}; close \$f;
        rename '$note.new', '$note'; sleep 60}], '/dev/null');
    ok wait_for(30, sub { -s $note }), 'it runs';
    my @servers = split / /, slurp($note);
    kill 'KILL', $pid;
    waitpid $pid, 0;
    my @left;
    ok wait_for(20, sub { !(@left = map { Uapi::Process::session_members($_) } @servers) }), 'its servers ended too'
        or diag map { "@$_\n" } @left;
};

subtest 'ports' => sub {
    my @mine = map { free_port() } 1 .. 5;
    my ($status, $theirs) = run([$^X, '-It/lib', '-MUapi::Ports', '-e', 'print join " ", map { Uapi::Ports::free_port() } 1 .. 300']);
    my %all = map { $_ => 1 } @mine, split / /, $theirs;
    is scalar keys %all, 305, 'no other process gets one that this one holds';
};

done_testing;
