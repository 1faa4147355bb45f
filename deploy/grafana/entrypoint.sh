#!/bin/sh
# Grafana wants the parts of the reader's database address; the platform's secret is one URL,
# postgresql://user:password@host[:port]/name[?sslmode=...]. Runs before Grafana's own entry point.
set -eu

file=${CREDIT_READER_DATABASE_URL_FILE:-/run/secrets/reader_database_url}
[ -r "$file" ] || { echo "found no readable $file; expected the reader's database URL; make that secret" >&2; exit 1; }
url=$(cat "$file")
case $url in
postgres://*@*/* | postgresql://*@*/*) ;;
*)
    echo "found another text in $file; expected postgresql://user:password@host:port/name; correct that secret" >&2
    exit 1
    ;;
esac

# %41 and the like become what they stand for.
decode() {
    rest=$1
    while [ -n "$rest" ]; do
        case $rest in
        %[0-9A-Fa-f][0-9A-Fa-f]*)
            rest=${rest#?}
            hex=${rest%"${rest#??}"}
            rest=${rest#??}
            # shellcheck disable=SC2059 # an escape of three octal digits
            printf "\\$(printf %03o "0x$hex")"
            ;;
        *)
            printf %s "${rest%"${rest#?}"}"
            rest=${rest#?}
            ;;
        esac
    done
}

rest=${url#*://}
query=
case $rest in *\?*) query=${rest#*\?} rest=${rest%%\?*} ;; esac
user=${rest%@*} place=${rest##*@}
password=
case $user in *:*) password=${user#*:} user=${user%%:*} ;; esac
host=${place%%/*}
case $host in *:*) ;; *) host=$host:5432 ;; esac
sslmode=require
case "&$query&" in *\&sslmode=*) sslmode=${query#*sslmode=} sslmode=${sslmode%%&*} ;; esac

CREDIT_READER_DATABASE_HOST=$host
CREDIT_READER_DATABASE_NAME=$(decode "${place#*/}")
CREDIT_READER_DATABASE_USER=$(decode "$user")
CREDIT_READER_DATABASE_PASSWORD=$(decode "$password")
CREDIT_READER_DATABASE_SSLMODE=$sslmode
PROMETHEUS_URL=${PROMETHEUS_URL:-http://prometheus:9090}
export CREDIT_READER_DATABASE_HOST CREDIT_READER_DATABASE_NAME CREDIT_READER_DATABASE_USER \
    CREDIT_READER_DATABASE_PASSWORD CREDIT_READER_DATABASE_SSLMODE PROMETHEUS_URL

exec "${@:-/run.sh}"
