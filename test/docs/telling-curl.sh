#!/bin/bash
# The curl of the machine, which tells the status of its answer on stderr; one that follows (-N) ends once it has caught up.
case " $* " in
*' -N '* | *' -sN '* | *' -sSN '*) ;;
*) exec "$CURL" -w '%{stderr}\n@answer %{http_code} %{url_effective}\n' "$@" ;;
esac

exec {told}< <(exec "$CURL" -w '%{stderr}\n@answer %{http_code} %{url_effective}\n' "$@")
pid=$!
while IFS= read -r -u "$told" line; do
  printf '%s\n' "$line"
  case $line in *'"type":"caughtUp"'*)
    kill "$pid"
    exit 0
    ;;
  esac
done
wait "$pid"
