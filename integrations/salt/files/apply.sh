#!/bin/sh
# apply.sh AGENT: `agent apply`, and what came of it on the last line, as Salt's `stateful` reads it.
# Whether the host was changed is told by its journal: a change that went back leaves it as it was.
newest() { "$1" history --limit 1 --no-color 2>/dev/null | tail -n 1; }

before=$(newest "$1")
said=$("$1" apply --yes --no-color 2>&1)
status=$?
after=$(newest "$1")

printf '%s\n\n' "$said"
changed=no
[ "$before" = "$after" ] || case $after in *rolled-back* | *failed* | *no-change*) ;; *) changed=yes ;; esac
case $status in
    0) comment='strangers are refused' ;;
    *) comment=$(printf '%s\n' "$said" | grep -m 1 -E '^(error|✗|!|\?|Still)' | tr -d "\"'") ;;
esac
printf "changed=%s comment='agent apply ended with %s: %s'\n" "$changed" "$status" "$comment"
exit "$status"
