# Bacula's daemons and its console for the tests: Debian's packages, as scripts/lib/apt.sh fetches
# them; that is to be sourced first. Nothing of them is installed: their scripts would start daemons,
# and a mail server.

bacula_packages=(bacula-common bacula-common-sqlite3 bacula-console bacula-director
    bacula-director-sqlite3 bacula-fd bacula-sd bacula-bscan sqlite3)
# What they need and a small system does not have; named one by one, because what the packages ask
# for includes that mail server.
bacula_libraries=(libacl1 libcap2 liblzo2-2 libnsl2 libreadline8 libsqlite3-0 libssl3 libtinfo6
    libtirpc3 libwrap0)
# The next Debian's, down to the C library.
bacula_libraries_15=(gcc-14-base libacl1 libattr1 libc6 libcap2 libcom-err2 libcrypt1 libgcc-s1
    libgssapi-krb5-2 libk5crypto3 libkeyutils1 libkrb5-3 libkrb5support0 liblzo2-2 libnsl2
    libreadline8t64 libsqlite3-0 libssl3t64 libstdc++6 libtinfo6 libtirpc3t64 libwrap0 libzstd1
    zlib1g)

# need_bacula DIR
#
# Makes DIR/{bin,sbin,lib,share} of this Debian's Bacula, whose programs can be called as they are,
# and sets SEAWALL_TEST_BACULA=DIR. Without it there is no test of the file daemon's plugin: it fails
# where it cannot be had.
need_bacula() {
    [[ -x $1/sbin/bacula-fd ]] || bacula_into "$1" '' "${bacula_libraries[@]}" || return 1
    export SEAWALL_TEST_BACULA=$1
}

# need_bacula_15 DIR
#
# The same of the next Debian's, and SEAWALL_TEST_BACULA_15=DIR. What cannot be had is said aloud,
# with the reason, and is no failure: the tests print what they ran on.
need_bacula_15() {
    if [[ -x $1/sbin/bacula-fd ]] || bacula_into "$1" trixie "${bacula_libraries_15[@]}"; then
        export SEAWALL_TEST_BACULA_15=$1
        echo "Bacula beside Debian's 9.6: 15.0"
    else
        echo "NOT TESTED, because it could not be had: Bacula 15" >&2
    fi
}

# bacula_into DIR SUITE LIBRARY…: of this machine's suite if none is named.
#
# In a shell of its own, so that no half of it is left behind. Called where errors do not end a
# shell: each step is followed by its `|| give_up`.
bacula_into() (
    dir=$1 suite=$2
    shift 2
    give_up() {
        echo "Bacula: $*" >&2
        exit 1
    }
    # Beside the place, so that the last step is a rename; hidden from others, because apt's
    # settings may hold a proxy's password.
    work=$(mktemp -d "$dir.XXXXXX") || exit 1
    trap 'rm -rf "$work"' EXIT
    if [[ -n $suite ]]; then
        turn_to_suite "$work" "$suite" || give_up "apt cannot read $suite: $(first_error "$work")"
    fi
    fetch_packages "$work" "${bacula_packages[@]}" "$@" ||
        # This machine's lists may be old, or not be there.
        { [[ -z $suite ]] && apt-get update -qq >"$work/said" 2>&1 &&
            fetch_packages "$work" "${bacula_packages[@]}" "$@"; } ||
        give_up "apt cannot fetch it: $(first_error "$work")"
    usr=$work/root/usr
    # Not a part of Bacula: fixtures/bacula/hurry.c says what it is for.
    cc -O1 -shared -fPIC -o "$usr/lib/hurry.so" fixtures/bacula/hurry.c || give_up "no C compiler"
    wrap_programs "$usr" "$dir" bacula || give_up "its programs cannot be wrapped"
    mv "$usr" "$dir" || exit 1
    for program in bacula-dir bacula-sd bacula-fd bconsole; do
        # Help needs all its libraries, and is a failure to some of them.
        said=$("$dir/sbin/$program" -\? 2>&1)
        [[ $said == *Usage:* ]] || {
            rm -rf "$dir"
            give_up "$program does not run: $said"
        }
    done
)
