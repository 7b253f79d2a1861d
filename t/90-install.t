# Licensed under the Apache License, Version 2.0; see LICENSE.
# `make install` into a folder of its own: what lies where, that httpd can load it from there by the shipped .load and .conf, and
# that a stranger's plugin compiles against what pkg-config says.
use lib 't/lib';
use Uapi::Test timeout => 300;
use Uapi::Httpd;
use File::Temp ();

my $folder = File::Temp->newdir;
my $dest = "$folder/dest";
my $out = Uapi::Httpd::out();

my ($status, $output, $errors) = run(['make', '-f', 'apxs.mk', 'install', "DESTDIR=$dest"], seconds => 250);
is $status, 0, 'make install' or do { diag "$output$errors"; done_testing; exit 1 };

my $modules = Uapi::Httpd::tool('LIBEXECDIR');
my %mode = (
    "$modules/mod_uapi.so" => 0644, '/usr/bin/uapictl' => 0755, '/usr/bin/uapi-plugin-check' => 0755, '/usr/lib/uapi/uapi-plugin-host' => 0755, '/usr/share/uapi/new-plugin' => 0755, '/usr/lib/uapi/plugins/scanner_secrets.so' => 0644,
    '/usr/include/uapi/uapi_plugin.h' => 0644, '/usr/share/pkgconfig/uapi-plugin.pc' => 0644,
    '/etc/apache2/mods-available/uapi.load' => 0644, '/etc/apache2/mods-available/uapi.conf' => 0644,
);
for my $file (sort keys %mode) {
    ok -f "$dest$file", $file or next;
    is +(stat "$dest$file")[2] & 07777, $mode{$file}, sprintf 'mode %04o', $mode{$file};
}
for my $page (glob 'docs/man/*.[1-9]') {
    my ($name, $section) = $page =~ m{([^/]+\.(\d))$};
    ok -f "$dest/usr/share/man/man$section/$name", "man page $name";
}
for my $schema (glob 'policies/schema/*') {
    ok -f "$dest/usr/share/uapi/$schema", $schema;
}
my ($search, @left) = run(['grep', '-rl', '-e', '@[A-Z]*@', -d "$dest/etc" ? "$dest/etc" : (), "$dest/usr/share/pkgconfig"]);
is $search, 1, 'no placeholder is left' or diag @left;

subtest 'the shape that a2enmod wants' => sub {
    my $load = slurp("$dest/etc/apache2/mods-available/uapi.load");
    like $load, qr/^# Depends: (?:[a-z_]+ ?)+$/m, 'its dependencies';
    my ($depends) = $load =~ /^# Depends: (.*)$/m;
    ok -e "/etc/apache2/mods-available/$_.load" || -e "$modules/mod_$_.so", "$_ exists" for split / /, $depends;
    like $load, qr{^LoadModule uapi_module \Q$modules\E/mod_uapi\.so$}m;
};

subtest 'httpd takes the installed module and configuration' => sub {
    my $load = slurp("$dest/etc/apache2/mods-available/uapi.load") =~ s{ /}{ $dest/}r;
    my $conf = slurp("$dest/etc/apache2/mods-available/uapi.conf");
    my $httpd = httpd("$load$conf\nRedirect 404 /\n", uapi => 0);
    is http('GET', $httpd->url('/'))->{status}, 404, 'loaded, and in nobody\'s way';
    my $examples = join '', map { s/^(\s*)#(?=Uapi|<|    |Auth|Require|Proxy)/$1/r } split /^/, $conf;
    unlike $examples, qr/^\s*#\s*Uapi/m, 'with the examples switched on';
    my (undef, $complaints) = config_test("$load$examples", uapi => 0);
    unlike $complaints, qr/Invalid command|Syntax error/, 'they are valid directives';
};

subtest 'a plugin of a stranger' => sub {
    local $ENV{PKG_CONFIG_PATH} = "$dest/usr/share/pkgconfig";
    my ($known, $flags) = run(['pkg-config', "--define-variable=includedir=$dest/usr/include/uapi", '--cflags', 'uapi-plugin']);
    is $known, 0, 'pkg-config knows uapi-plugin';
    my (undef, $plugins) = run(['pkg-config', '--variable=plugindir', 'uapi-plugin']);
    is $plugins, "/usr/lib/uapi/plugins\n", 'and where plugins go';
    my $source = "#include <uapi_plugin.h>\n" . <<'C';
static void *create(const uapi_host *host) { return (void *)host; }
static void destroy(void *instance) { (void)instance; }
static const void *get_interface(void *instance, const char *id) { (void)instance; (void)id; return NULL; }
const uapi_plugin_descriptor *uapi_plugin_entry(void)
{
    static const uapi_plugin_descriptor descriptor = {
        .size = sizeof(descriptor), .magic = UAPI_PLUGIN_MAGIC, .abi_major = UAPI_ABI_MAJOR, .host_minor_min = UAPI_ABI_MINOR,
        .id = "org.example.nothing", .name = "Nothing", .version = "1", .vendor = "Example", .create = create,
        .destroy = destroy, .get_interface = get_interface};
    return &descriptor;
}
C
    my ($compiled, @complaints) = run(['gcc', split(' ', $flags), qw(-std=c11 -Wall -Wextra -Wpedantic -Werror -fvisibility=hidden -shared -fPIC -x c),
        '-o', "$folder/nothing.so", '-'], stdin => $source);
    is $compiled, 0, 'it compiles' or diag @complaints;
    my (undef, $symbols) = run(['nm', '-D', '--defined-only', "$folder/nothing.so"]);
    is_deeply [$symbols =~ /^\w+ [TD] (\w+)$/mg], ['uapi_plugin_entry'], 'and exports its entry alone';
};

# ---------------------------------------------------------------------------------------------- the objects themselves
sub symbols { my (@arguments) = @_; my (undef, $text) = run(['nm', '-D', @arguments]); return $text =~ /^\S* *[A-Za-z] (\w+)(?:@.*)?$/mg }

subtest 'symbols' => sub {
    is_deeply [grep { !/^(?:_init|_fini|_edata|_end|__bss_start)$/ } symbols('--defined-only', "$out/mod_uapi.so")], ['uapi_module'],
        'mod_uapi.so exports its module record alone';
    # What it leaves open must come from httpd, APR or a library that it names itself.
    my %offered = map { $_ => 1 } symbols('--defined-only', Uapi::Httpd::tool('HTTPD'));
    my (undef, $libraries) = run(['ldd', "$out/mod_uapi.so"]);
    my (undef, $servers) = run(['ldd', Uapi::Httpd::tool('HTTPD')]);
    unlike $libraries, qr/not found/, 'its libraries are there';
    for my $library ("$libraries$servers" =~ m{(/\S+) \(}g) {
        $offered{$_} = 1 for symbols('--defined-only', $library);
    }
    my @open = grep { !$offered{$_} && !/^(?:_ITM_|__gmon_start__|__cxa_finalize|proxy_|ap_proxy_)/ } symbols('--undefined-only', "$out/mod_uapi.so");
    is_deeply \@open, [], 'nothing is undefined';
    for my $plugin (glob "$out/plugins/*.so") {
        is_deeply [grep { !/^(?:_init|_fini|_edata|_end|__bss_start)$/ } symbols('--defined-only', $plugin)], ['uapi_plugin_entry'], $plugin;
    }
};

subtest 'hardening' => sub {
    for my $object ("$out/mod_uapi.so", "$out/uapictl", "$out/uapi-plugin-check", "$out/uapi-plugin-host", glob "$out/plugins/*.so") {
        my (undef, $text) = run(['readelf', '-W', '-h', '-l', '-d', $object]);
        like $text, qr/GNU_RELRO/, "$object: relocations read-only";
        like $text, qr/BIND_NOW|\bNOW\b/, 'bound at load';
        like $text, qr/GNU_STACK\s+\S+ \S+ \S+ \S+ \S+ RW /, 'no executable stack';
        like $text, qr/Type:\s+DYN/, 'position-independent';
        unlike $text, qr/RUNPATH|RPATH|TEXTREL/, 'no run path, no text relocations';
    }
    my (undef, $symbols) = run(['nm', '-D', '--undefined-only', "$out/mod_uapi.so"]);
    like $symbols, qr/__stack_chk_fail/, 'stack protector';
};

done_testing;
