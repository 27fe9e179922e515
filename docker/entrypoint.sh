#!/bin/sh
# Serves the API in a container, or in a checkout with `python` on PATH. With arguments, runs them as a command instead.
#
#   APP_PORT=8000              port of the API
#   HOST=0.0.0.0               address that the API and the debugger listen on
#   WEB_CONCURRENCY=1          worker processes; several need the same SECRET_KEY
#   FORWARDED_ALLOW_IPS=       proxies whose X-Forwarded-For is trusted
#   SHUTDOWN_GRACE_SECONDS=20  seconds that requests in flight have to finish after SIGTERM
#   RUN_MIGRATIONS=false       migrate the database first
#   SEED_SAMPLE_DATA=false     fill an empty database with sample data first
#   DEBUG_MODE=false           allow a debugger to attach; runs one worker
#   DEBUG_WAIT=false           start the API only after a debugger has attached
#   DEBUG_PORT=5678            port for debuggers
#
# An empty variable counts as unset.
set -eu

say() {
    printf '%s\n' "entrypoint: $*" >&2
}

fail() {
    printf '%s\n' "Error: $*" >&2
    exit 1
}

enabled() {
    case $2 in
        1 | [Tt][Rr][Uu][Ee] | [Yy][Ee][Ss] | [Oo][Nn]) return 0 ;;
        '' | 0 | [Ff][Aa][Ll][Ss][Ee] | [Nn][Oo] | [Oo][Ff][Ff]) return 1 ;;
        *) fail "$1 must be true or false, not '$2'." ;;
    esac
}

number() {
    case $2 in
        '' | *[!0-9]* | 0?* | ??????*) ;;
        *) if [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then return; fi ;;
    esac
    fail "$1 must be a number from $3 to $4, not '$2'."
}

[ $# -eq 0 ] || exec "$@"

cd -- "$(dirname -- "$0")/.."

APP_PORT=${APP_PORT:-8000}
DEBUG_PORT=${DEBUG_PORT:-5678}
HOST=${HOST:-0.0.0.0}
workers=${WEB_CONCURRENCY:-1}
grace=${SHUTDOWN_GRACE_SECONDS:-20}
grace=${grace%.*}
number APP_PORT "$APP_PORT" 1 65535
number DEBUG_PORT "$DEBUG_PORT" 1 65535
number WEB_CONCURRENCY "$workers" 1 1000
number SHUTDOWN_GRACE_SECONDS "$grace" 0 3600

debug=false
if enabled DEBUG_MODE "${DEBUG_MODE:-}"; then debug=true; fi
wait=false
if enabled DEBUG_WAIT "${DEBUG_WAIT:-}"; then wait=true; fi

if $debug; then
    python -c 'import sys; from importlib.util import find_spec; sys.exit(find_spec("debugpy") is None)' ||
        fail "DEBUG_MODE needs debugpy, which this image lacks: build the target 'debug' (DOCKER_TARGET=debug)."
    [ "$APP_PORT" -ne "$DEBUG_PORT" ] || fail "APP_PORT and DEBUG_PORT are both $APP_PORT."
fi

# An error that prevents workers from starting is reported here once, before migrating, with exit status 3. Otherwise
# each worker would report it, and the server would stop with status 0.
[ "$workers" -eq 1 ] || $debug || python -c 'import app.main'

if enabled RUN_MIGRATIONS "${RUN_MIGRATIONS:-}"; then python -m app migrate; fi
if enabled SEED_SAMPLE_DATA "${SEED_SAMPLE_DATA:-}"; then python -m app seed; fi

if $debug; then
    # One worker and no reload: each further process would be another session to attach to.
    [ "$workers" -eq 1 ] || say "WEB_CONCURRENCY=$workers is ignored: DEBUG_MODE has one worker."
    say "Debuggers attach to port $DEBUG_PORT. There is no reload: restart to see changed code."
    workers=1
    set -- -Xfrozen_modules=off -m debugpy --listen "$HOST:$DEBUG_PORT"
    if $wait; then
        say "DEBUG_WAIT: nothing is served before a debugger has attached."
        set -- "$@" --wait-for-client
    fi
elif $wait; then
    say "DEBUG_WAIT is ignored without DEBUG_MODE."
fi

# The same options as `python -m app serve`: requests have limits, and the application logs them and, at shutdown, ends
# those that wait. The server's timeout is longer: it ends the others, such as those of clients that stopped reading.
export WEB_CONCURRENCY="$workers"
exec python "$@" -m uvicorn app.main:app --http app.api.protocol:BoundedHttpProtocol \
    --host "$HOST" --port "$APP_PORT" --workers "$workers" \
    --timeout-graceful-shutdown $((grace + 6)) --no-access-log --no-server-header \
    --forwarded-allow-ips "${FORWARDED_ALLOW_IPS:-}"
