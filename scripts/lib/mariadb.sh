# MariaDB of another series than Debian 12's, for the tests: the packages of the next Debian, through
# apt, from where this machine has its own. To be sourced. Nothing of them is installed, none of
# their scripts run, and apt's own lists and caches are left as they are.

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
    # The last ones say only that something failed.
    first_error() {
        grep -m 1 '^[EW]: ' "$work/said"
    }
    # Beside the place, so that the last step is a rename; hidden from others, because apt's
    # settings may hold a proxy's password.
    work=$(mktemp -d "$dir.XXXXXX") || exit 1
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$work"/{lists,cache,parts,packages,root} || exit 1
    apt_settings "$work" > "$work/apt.conf" || give_up "this machine's sources have no Debian 12"
    export APT_CONFIG=$work/apt.conf
    timeout 120 apt-get update -qq >"$work/said" 2>&1 ||
        give_up "apt cannot read $mariadb_suite: $(first_error)"
    # All that they need, down to the C library: this machine's is too old for them.
    mapfile -t needed < <(apt-get -s -qq --no-install-recommends install "${mariadb_packages[@]}" |
        awk '$1 == "Inst" { print $2 }')
    [[ ${#needed[@]} -gt 0 ]] || give_up "$mariadb_suite does not have it"
    (cd "$work/packages" && timeout 120 apt-get -qq download "${needed[@]}") >"$work/said" 2>&1 ||
        give_up "apt cannot fetch it: $(first_error)"
    for package in "$work"/packages/*.deb; do
        dpkg-deb -x "$package" "$work/root" || give_up "$package cannot be unpacked"
    done
    wrap_programs "$work/root/usr" "$dir" || give_up "its programs are not where they were"
    chmod -R a+rX "$work/root/usr" || exit 1
    mv "$work/root/usr" "$dir" || exit 1
    said=$("$dir/sbin/mariadbd" --version 2>&1)
    [[ $said == *" Ver $mariadb_series."* ]] || {
        rm -rf "$dir"
        give_up "the packages say they are \"$said\""
    }
)

# This machine's settings of apt (a proxy, say) without its hooks, with places of our own and the
# other suite as the only source.
apt_settings() {
    local work=$1 uri
    uri=$(apt-get --print-uris update |
        sed -n "s|^'\(.*\)/dists/bookworm/InRelease'.*|\1|p" | head -n 1)
    [[ -n $uri ]] || return 1
    mkdir "$work/sources"
    cat > "$work/sources/other.sources" <<EOF
Types: deb
URIs: $uri
Suites: $mariadb_suite
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
EOF
    apt-config dump | grep -v -- '-Invoke'
    cat <<EOF
Dir::Etc::parts "$work/parts";
Dir::Etc::main "/dev/null";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$work/sources";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$work/parts";
Dir::State::lists "$work/lists";
Dir::State::status "/dev/null";
Dir::Cache "$work/cache";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
EOF
}

# wrap_programs USR DIR: puts a script in each program's place that starts it with the C library it
# was built for; USR will be DIR.
wrap_programs() {
    local usr=$1 dir=$2 loader program below
    loader=$(cd "$usr" && ls lib/*-linux-gnu/ld-linux-*) || return 1
    mkdir "$usr/real" || return 1
    for program in "$usr"/bin/* "$usr"/sbin/*; do
        # Scripts run as they are, and the old names are links to what is wrapped.
        [[ ! -L $program && $(head -c 4 "$program") == $'\x7fELF' ]] || continue
        below=real/${program##*/}
        mv "$program" "$usr/$below" || return 1
        cat > "$program" <<EOF || return 1
#!/bin/sh
exec "$dir/$loader" --library-path "$dir/${loader%/*}" --argv0 "\$0" "$dir/$below" "\$@"
EOF
        chmod 755 "$program" || return 1
    done
    [[ -x $usr/sbin/mariadbd && -x $usr/bin/mariadb-backup && -x $usr/bin/mbstream ]]
}
