# Debian's packages without installing them: fetched through apt, from where this machine has its
# own, unpacked into a directory, and called from there. None of their scripts run. To be sourced.

# apt_settings WORK SUITE: this machine's settings of apt (a proxy, say) without its hooks, with
# places of our own and the other suite as the only source. They may hold a proxy's password.
apt_settings() {
    local work=$1 suite=$2 uri
    uri=$(apt-get --print-uris update |
        sed -n "s|^'\(.*\)/dists/bookworm/InRelease'.*|\1|p" | head -n 1)
    [[ -n $uri ]] || return 1
    mkdir -p "$work"/{lists,cache,parts,sources} || return 1
    cat > "$work/sources/other.sources" <<EOT
Types: deb
URIs: $uri
Suites: $suite
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
EOT
    apt-config dump | grep -v -- '-Invoke'
    cat <<EOT
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
EOT
}

# turn_to_suite WORK SUITE: from here on, apt knows that suite alone. What it says is in WORK/said.
turn_to_suite() {
    apt_settings "$1" "$2" > "$1/apt.conf" 2>"$1/said" || {
        echo "E: this machine's sources have no Debian 12" >> "$1/said"
        return 1
    }
    export APT_CONFIG=$1/apt.conf
    timeout 120 apt-get update -qq >"$1/said" 2>&1
}

# fetch_packages WORK PACKAGE…: fetches them and unpacks them to WORK/root. What apt says is in
# WORK/said.
fetch_packages() {
    local work=$1 package
    shift
    mkdir -p "$work"/{packages,root/usr/lib} || return 1
    (cd "$work/packages" && timeout 120 apt-get -qq download "$@") >"$work/said" 2>&1 || return 1
    for package in "$work"/packages/*.deb; do
        dpkg-deb -x "$package" "$work/root" 2>"$work/said" || return 1
    done
    # Debian 12's libraries come in the one or the other.
    [[ ! -d $work/root/lib || -L $work/root/lib ]] || cp -a "$work/root/lib/." "$work/root/usr/lib/"
}

# first_error WORK: the last ones say only that something failed.
first_error() {
    grep -m 1 '^E: ' "$1/said" || grep -m 1 '^W: ' "$1/said" || tail -n 1 "$1/said"
}

# wrap_programs USR DIR [BELOW…]: puts a script in each program's place that starts it with the
# libraries that lie beside it, those in lib/BELOW first; with their C library too, if there is one.
# USR will be DIR.
wrap_programs() {
    local usr=$1 dir=$2 loader program below path
    shift 2
    loader=$(cd "$usr" && compgen -G 'lib/*-linux-gnu/ld-linux-*' | head -n 1)
    if [[ -n $loader ]]; then
        path=$dir/${loader%/*}
        loader=$dir/$loader
    else
        loader=$(compgen -G '/lib/*-linux-gnu/ld-linux-*' | head -n 1)
        path=$dir${loader%/*}
    fi
    for below in "$@"; do
        path=$dir/lib/$below:$path
    done
    mkdir "$usr/real" || return 1
    for program in "$usr"/bin/* "$usr"/sbin/*; do
        # Scripts run as they are, and the old names are links to what is wrapped.
        [[ ! -L $program && $(head -c 4 "$program") == $'\x7fELF' ]] || continue
        below=real/${program##*/}
        mv "$program" "$usr/$below" || return 1
        cat > "$program" <<EOT || return 1
#!/bin/sh
exec "$loader" --library-path "$path" --argv0 "\$0" "$dir/$below" "\$@"
EOT
        chmod 755 "$program" || return 1
    done
    chmod -R a+rX "$usr"
}
