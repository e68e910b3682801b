# MariaDB of another series than Debian 12's, for the tests: the packages of the next Debian, as
# scripts/lib/apt.sh fetches them; that is to be sourced first. apt's own lists and caches are left as
# they are.

mariadb_series=11.8
mariadb_suite=trixie
mariadb_packages=(mariadb-server-core mariadb-client-core mariadb-backup)

# need_mariadb_11_8 DIR
#
# Makes DIR/{bin,sbin,lib,share}, whose programs can be called as they are, and sets
# SEAWALL_TEST_MARIADB_11_8=DIR. What cannot be had is said aloud, with the reason, and is no
# failure: the tests print what they ran on.
need_mariadb_11_8() {
    if [[ -x $1/sbin/mariadbd ]] || mariadb_into "$1"; then
        export SEAWALL_TEST_MARIADB_11_8=$1
        echo "MariaDB beside Debian's 10.11: $mariadb_series"
    else
        echo "NOT TESTED, because it could not be had: MariaDB $mariadb_series" >&2
    fi
}

# In a shell of its own, so that no half of it is left behind. Called where errors do not end a
# shell: each step is followed by its `|| give_up`.
mariadb_into() (
    dir=$1
    give_up() {
        echo "MariaDB $mariadb_series: $*" >&2
        exit 1
    }
    # Beside the place, so that the last step is a rename; hidden from others, because apt's
    # settings may hold a proxy's password.
    work=$(mktemp -d "$dir.XXXXXX") || exit 1
    trap 'rm -rf "$work"' EXIT
    turn_to_suite "$work" "$mariadb_suite" ||
        give_up "apt cannot read $mariadb_suite: $(first_error "$work")"
    # All that they need, down to the C library: this machine's is too old for them.
    mapfile -t needed < <(apt-get -s -qq --no-install-recommends install "${mariadb_packages[@]}" |
        awk '$1 == "Inst" { print $2 }')
    [[ ${#needed[@]} -gt 0 ]] || give_up "$mariadb_suite does not have it"
    fetch_packages "$work" "${needed[@]}" || give_up "apt cannot fetch it: $(first_error "$work")"
    wrap_programs "$work/root/usr" "$dir" || give_up "its programs cannot be wrapped"
    mv "$work/root/usr" "$dir" || exit 1
    said=$("$dir/sbin/mariadbd" --version 2>&1)
    [[ $said == *" Ver $mariadb_series."* && -x $dir/bin/mariadb-backup && -x $dir/bin/mbstream ]] || {
        rm -rf "$dir"
        give_up "the packages say they are \"$said\""
    }
)
