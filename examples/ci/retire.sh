#!/usr/bin/env bash
# What the pipelines of GitHub and GitLab share. Keep it as `ci/retire.sh` in your repository.
#
#     ci/retire.sh fetch               take the state from the branch that keeps it
#     ci/retire.sh keep                put it back there, as a commit of its own
#     ci/retire.sh pending CODE PLAN   after `plan --detailed-exitcode`: is there something to apply?
#     ci/retire.sh ends CODE OK...     say what an exit code means, and end with 0 if it is one of OK
#
# STATE_BRANCH  the branch that keeps the state: the default branch, or one of its own, such as
#               `retire-state`, where only people may push to the default branch
# RETIRE_STATE  the path of the state from the top of the repository (retire.state.json)
# GIT_TOKEN     may read that branch and, for `keep`, push to it; without it git asks as it is set up
set -euo pipefail

branch=${STATE_BRANCH:-main}
state=${RETIRE_STATE:-retire.state.json}

# The token is in the environment of git alone: no command line and no file has it.
with_token() {
    if [[ -z ${GIT_TOKEN:-} ]]; then
        git "$@"
        return
    fi
    local user=x-access-token
    [[ -n ${GITLAB_CI:-} ]] && user=oauth2
    GIT_CONFIG_COUNT=1 \
        GIT_CONFIG_KEY_0="http.${GITHUB_SERVER_URL:-${CI_SERVER_URL:-https://github.com}}/.extraheader" \
        GIT_CONFIG_VALUE_0="Authorization: basic $(printf '%s:%s' "$user" "$GIT_TOKEN" | base64 | tr -d '\n')" \
        git "$@"
}

# Sets `tip` to the newest commit of the branch, or to nothing where there is no such branch yet.
# A server that cannot be asked ends the script: it must not be taken for an empty one.
find_tip() {
    local code=0 depth=()
    with_token ls-remote --exit-code --heads origin "refs/heads/$branch" >/dev/null || code=$?
    tip=
    if [[ $code -eq 2 ]]; then
        return
    elif [[ $code -ne 0 ]]; then
        exit 1
    fi
    [[ $(git rev-parse --is-shallow-repository) == true ]] && depth=(--depth 1)
    with_token fetch --quiet --no-tags "${depth[@]}" origin "refs/heads/$branch"
    tip=$(git rev-parse FETCH_HEAD)
}

# The id of a file's content at the tip of the branch, or `none`.
content() {
    if [[ -n $tip ]]; then
        git rev-parse --quiet --verify "$tip:$1" && return
    fi
    echo none
}

# Where it stands from which content the run began.
base() {
    echo "$(git rev-parse --absolute-git-dir)/retire-base"
}

fetch() {
    local file
    find_tip
    for file in "$state" "$state.journal"; do
        if [[ $(content "$file") != none ]]; then
            git cat-file blob "$tip:$file" >"$file"
        fi
    done
    content "$state" >"$(base)"
}

# Sets `commit` to a commit on top of `tip` in which only the state is another one, and the journal
# of a run that did not end in order.
make_commit() {
    local index tree file
    index=$(mktemp -u)
    export GIT_INDEX_FILE=$index
    git read-tree --empty
    [[ -z $tip ]] || git read-tree "$tip"
    for file in "$state" "$state.journal"; do
        git update-index --force-remove -- "$file"
        if [[ -f $file ]]; then
            git update-index --add --cacheinfo "100644,$(git hash-object -w -- "$file"),$file"
        fi
    done
    tree=$(git write-tree)
    unset GIT_INDEX_FILE
    rm -f "$index"
    commit=$(
        GIT_AUTHOR_NAME=retire GIT_AUTHOR_EMAIL=retire@localhost \
            GIT_COMMITTER_NAME=retire GIT_COMMITTER_EMAIL=retire@localhost \
            git commit-tree ${tip:+-p "$tip"} -m "$1" "$tree"
    )
}

keep() {
    if [[ ! -f $state && ! -f $state.journal ]]; then
        echo "There is no $state, so there is nothing to keep."
        return
    fi
    local run=${GITHUB_RUN_ID:-${CI_JOB_ID:-$$}} now ours try
    local message="Record what was retired [skip ci]"
    ours=none
    [[ -f $state ]] && ours=$(git hash-object -- "$state")
    for try in 1 2 3 4 5; do
        find_tip
        now=$(content "$state")
        if [[ $now == "$ours" && $(content "$state.journal") == none && ! -f $state.journal ]]; then
            echo "$branch has this state already."
            return
        fi
        # Somebody else has written a state meanwhile. Both are records of deletes: keep both.
        if [[ $now != "$ours" && $now != "$(cat "$(base)")" ]]; then
            make_commit "$message"
            with_token push --quiet origin "$commit:refs/heads/retire-state-of-run-$run"
            echo "The state on $branch was changed during this run: that of this run is on the branch" >&2
            echo "retire-state-of-run-$run. The page of incidents says what to do with it." >&2
            return 1
        fi
        make_commit "$message"
        # Refused where somebody has pushed since: then once more, on top of that.
        if with_token push --quiet origin "$commit:refs/heads/$branch"; then
            echo "$ours" >"$(base)"
            echo "The state is on $branch."
            return
        fi
        sleep "$try"
    done
    echo "The state could not be pushed to $branch; it is still here: keep $state*." >&2
    return 1
}

# What is missing hides, in the exit code, that there are changes too: the plan says it.
pending() {
    case $1 in
        2) echo true ;;
        3) jq '[.totals | .retire, .retry, .resolve, .record, .forget | values] | add > 0' "$2" ;;
        *) echo false ;;
    esac
}

name() {
    case $1 in
        0) echo 'done, nothing left open' ;;
        1) echo 'failed' ;;
        2) echo 'changes are pending' ;;
        3) echo 'some assets are open: failed, missing, unknown, in drift or other than reviewed' ;;
        4) echo 'refused by a guard, a pin or a mark, or not approved; nothing was sent' ;;
        5) echo 'the plan is expired, or not what its manifests say now: plan again' ;;
        6) echo 'another run has the state' ;;
        7) echo 'not authenticated, not authorised, or the wrong account' ;;
        8) echo 'a manifest, state, plan, policy or config is not valid' ;;
        9) echo 'stopped in good order with work left: the next run goes on' ;;
        64) echo 'wrong usage' ;;
        130 | 143) echo 'cancelled, and stopped in good order: run it again' ;;
        *) echo 'ended in a way that retire does not know' ;;
    esac
}

ends() {
    local code=$1 ok word=error
    shift
    for ok in "$@"; do
        [[ $code == "$ok" ]] && word=notice
    done
    if [[ -n ${GITHUB_ACTIONS:-} ]]; then
        echo "::$word title=retire ended with $code::$(name "$code")"
    else
        echo "retire ended with $code: $(name "$code")"
    fi
    [[ $word == notice ]] || exit "$code"
}

case ${1:-} in
    fetch | keep | pending | ends) "$@" ;;
    *)
        echo 'usage: ci/retire.sh fetch | keep | pending CODE PLAN | ends CODE OK...' >&2
        exit 64
        ;;
esac
