#!/usr/bin/env bash
# PostgreSQL's own regression tests, for the database they leave behind: every kind of object in every odd form.
#
#   postgres-regression.sh fetch DIR MAJOR
#       Sources, compiled test functions and driver of the installed server MAJOR into DIR, from Debian's source
#       package. Needs apt, the network and a C compiler; does nothing when DIR has that version already.
#   postgres-regression.sh fill DIR MAJOR SOCKET_FOLDER PORT
#       Makes the database "regression" on a running server with trust authentication, superuser "postgres". The tests
#       run once (about a minute); later the dump that is then kept in DIR is loaded (seconds). The test functions go
#       beside the socket, and the server is told to look there.
#
# Roles, tablespaces and files that the tests use are removed by the tests themselves. It ends with 3 when nothing here is
# wrong but there is nothing to work with: a server from elsewhere, or sources that no archive hands out.
set -euo pipefail

step=$1 home=$2 major=$3
package=postgresql-$major
bin=${HOLDFAST_PG_BIN:-/usr/lib/postgresql/$major/bin}
scratch=$(mktemp -d /tmp/holdfast-regression.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
say() { echo "postgres-regression: $*" >&2; }

# Everything below asks lists of its own, made fresh: the machine's may be old, and need not know source packages.
make_lists() {
    mkdir -p "$scratch/lists/partial" "$scratch/from"
    local list
    for list in /etc/apt/sources.list.d/*.sources; do
        [[ -e $list ]] && sed 's/^Types:.*/Types: deb deb-src/' "$list" >"$scratch/from/${list##*/}"
    done
    for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [[ -s $list ]] && sed -n '/^deb /{p;s/^deb /deb-src /p}' "$list" >"$scratch/from/${list##*/}.list"
    done
    lists=(-o "Dir::Etc::sourceparts=$scratch/from" -o Dir::Etc::sourcelist=/dev/null -o "Dir::State::lists=$scratch/lists"
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root)
    # One archive that does not answer leaves the others.
    apt-get -qq "${lists[@]}" update || say "not every archive answers"
}

# versions WORD PACKAGE: the installed version, then every listed one (WORD: showsrc or show), newest first.
versions() {
    {
        echo "$version"
        apt-cache "${lists[@]}" "$1" "$2" 2>/dev/null | sed -n 's/^Version: //p' | sort --version-sort --reverse
    } | awk '!seen[$0]++'
}

# Archives list what they no longer (or not yet) hold, so each version is tried until one can be had. All revisions of
# a major version have the same tests. Each try has a folder of its own: half of a package is none.
first_of() {
    local what=$1 each folder=$scratch/$1
    while read -r each; do
        rm -rf "$folder" && mkdir "$folder"
        (cd "$folder" && "$what" "$each") >/dev/null 2>"$scratch/refused" && { say "$what of $each"; return; }
    done
    [[ -s $scratch/refused ]] && tail -n 2 "$scratch/refused" >&2
    return 1
}
sources() { apt-get -qq "${lists[@]}" source --download-only --only-source "$package=$1"; }
headers() { apt-get -qq "${lists[@]}" download "$development=$1" && dpkg -x ./*.deb .; }

fetch() {
    local version development=postgresql-server-dev-$major
    version=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null) || { say "$package is not installed by dpkg"; exit 3; }
    [[ -e $home/version && $(<"$home/version") == "$version" ]] && return
    say "fetching the sources of $package $version"
    make_lists
    mkdir -p "$scratch/tree" "$scratch/new/lib"
    first_of sources < <(versions showsrc "$package") || { say "no version's sources of $package can be had"; exit 3; }
    tar -xf "$scratch"/sources/"$package"_*.orig.tar.* -C "$scratch/tree" --strip-components=1 --wildcards \
        '*/src/test/regress/*' '*/contrib/spi/*.c'
    local headers=/usr/include/postgresql
    if [[ ! -e $headers/$major/server/postgres.h ]]; then
        first_of headers < <(versions show "$development") || { say "no version of $development can be had"; exit 3; }
        headers=$scratch/headers$headers
    fi
    local c
    for c in src/test/regress/regress contrib/spi/refint contrib/spi/autoinc; do
        gcc -O1 -w -fPIC -shared -I"$headers/$major/server" -I"$headers/internal" -I"$headers" \
            -o "$scratch/new/lib/${c##*/}.so" "$scratch/tree/$c.c"
    done
    local driver=lib/pgxs/src/test/regress/pg_regress
    for driver in "$bin/../$driver" "$scratch/headers/usr/lib/postgresql/$major/$driver"; do
        [[ -x $driver ]] && cp "$driver" "$scratch/new/pg_regress"
    done
    cp -r "$scratch/tree/src/test/regress" "$scratch/new/tests"
    # The mark comes last: without it everything is fetched again.
    rm -rf "$home"
    mkdir -p "${home%/*}"
    cp -r "$scratch/new" "$home"
    echo "$version" >"$home/version"
}

as_server_user() { if [[ $(id -u) == 0 ]]; then runuser -u postgres -- "$@"; else "$@"; fi; }

make_dump() {
    say "running the regression tests"
    cp -r "$home/tests" "$home/lib" "$home/pg_regress" "$scratch/"
    mkdir -p "$scratch/out/results" "$scratch/out/testtablespace"
    chmod -R a+rX "$scratch"
    [[ $(id -u) == 0 ]] && chown -R postgres "$scratch/out" "$scratch/tests"
    # Tests may fail for reasons of this machine (locale, time zone files); what counts is what they leave behind.
    (cd "$scratch/tests" && as_server_user "$scratch/pg_regress" --bindir="$bin" --dlpath="$scratch/lib" --inputdir=. \
        --outputdir="$scratch/out" --host="$socket" --port="$port" --user=postgres --max-concurrent-tests=20 \
        --schedule=parallel_schedule --dbname=regression) >"$scratch/log" 2>&1 || tail -3 "$scratch/log" >&2
    local tables
    tables=$(sql -At -d regression -c "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND oid >= 16384")
    ((tables > 400)) || { say "only $tables tables were left behind"; tail -20 "$scratch/log" >&2; exit 1; }
    # By its name alone a library is found wherever the server is told to look.
    sql -d regression -c "UPDATE pg_proc SET probin = regexp_replace(probin, '^.*/(regress|refint|autoinc)(\.so)?\$', '\1')
        WHERE probin ~ '/(regress|refint|autoinc)(\.so)?\$'"
    "$bin/pg_dump" -h "$socket" -p "$port" -U postgres -Fc -f "$scratch/dump" regression
    sql -d postgres -c 'DROP DATABASE regression'
    mv "$scratch/dump" "$home/dump"
}

sql() { "$bin/psql" -Xq -v ON_ERROR_STOP=1 -h "$socket" -p "$port" -U postgres "$@"; }

fill() {
    cp "$home"/lib/*.so "$socket/"
    chmod a+r "$socket"/*.so
    sql -d postgres -c "ALTER SYSTEM SET dynamic_library_path = '\$libdir:$socket'" -c 'SELECT pg_reload_conf()' >/dev/null
    [[ -e $home/dump ]] || make_dump
    sql -d postgres -c 'CREATE DATABASE regression TEMPLATE template0'
    # Once through the reference tool, so that what even that cannot carry (the column order of some merged children)
    # is asked of nobody; the few objects that it cannot make again are no part of the database.
    "$bin/pg_restore" -h "$socket" -p "$port" -U postgres -j 2 -d regression "$home/dump" 2>"$scratch/restored" \
        || tail -1 "$scratch/restored" >&2
}

case $step in
    fetch) fetch ;;
    fill) socket=$4 port=$5; fetch; fill ;;
    *) say "unknown step $step" && exit 2 ;;
esac
