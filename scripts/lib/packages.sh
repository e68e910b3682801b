# Installs Debian packages that are missing, without letting any of them start a server or make a
# cluster. To be sourced.

# need_packages PACKAGE…
need_packages() {
    local package missing=()
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0
    if [[ $(id -u) -ne 0 ]]; then
        echo "missing packages: ${missing[*]}; install them, or run this as root" >&2
        return 1
    fi
    echo "installing ${missing[*]}" >&2
    # In a shell of its own: its trap puts everything back, whatever happens.
    (install_quietly "${missing[@]}")
}

# Runs in a shell of its own: its variables are needed until that shell's end.
install_quietly() {
    policy=/usr/sbin/policy-rc.d
    cluster=/etc/postgresql-common/createcluster.conf
    kept=$(mktemp -d)
    [[ ! -e $policy ]] || cp -p "$policy" "$kept/policy"
    [[ ! -e $cluster ]] || cp -p "$cluster" "$kept/cluster"
    trap put_back EXIT
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
    mkdir -p "$(dirname "$cluster")"
    echo 'create_main_cluster = false' > "$cluster"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o Dpkg::Options::=--force-confold "$@" >&2
}

# The two files are as they were before, or as the packages bring them.
put_back() {
    if [[ -e $kept/policy ]]; then mv "$kept/policy" "$policy"; else rm -f "$policy"; fi
    if [[ -e $kept/cluster ]]; then
        mv "$kept/cluster" "$cluster"
    elif [[ -e $cluster.ucf-dist ]]; then
        mv "$cluster.ucf-dist" "$cluster"
    else
        rm -f "$cluster"
    fi
    rm -rf "$kept"
}
