# Sourced by the scripts above: makes virtual environments, each of which holds exactly one lock file.
# Works with bash 3.2 (macOS) and later.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

say() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# Prints the first Python that is new enough and can make virtual environments.
find_python() {
    local candidate found=
    for candidate in ${HUIZONG_PYTHON:-} python3.13 python3.12 python3.11 python3 python; do
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue
        found=$candidate
        if "$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    if [ -n "$found" ]; then
        say "$found cannot make virtual environments: on Debian or Ubuntu run 'apt-get install python3-venv'."
        say "$found 缺少 venv 模块：在 Debian 或 Ubuntu 上请运行 apt-get install python3-venv。"
    else
        say "Python 3.11 or later is needed; HUIZONG_PYTHON may name it."
        say "需要 Python 3.11 或更高版本；可用环境变量 HUIZONG_PYTHON 指定。"
    fi
    return 1
}

# make_tools DIRECTORY LOCK PIP-OPTION…: a virtual environment that holds what the lock says; both relative to the
# project. Does nothing if the lock is installed there already.
make_tools() {
    local venv=$root/$1 lock=$root/$2 python
    # The place belongs to what is compared: a virtual environment does not work where it has been moved to.
    if ! { cat "$lock" && echo "# $venv"; } | cmp -s - "$venv/installed.lock" || ! "$venv/bin/python" -c ''; then
        python=$(find_python)
        say "installing ${2} into ${1} (only when it has changed) ..."
        rm -rf "$venv"
        "$python" -m venv "$venv"
        echo '*' >"$venv/.gitignore"
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
            --require-hashes "${@:3}" -r "$lock"
        { cat "$lock" && echo "# $venv"; } >"$venv/installed.lock"
    fi
}

# make_venv DIRECTORY LOCK: the same, of wheels only, and the project itself in it.
make_venv() {
    local venv=$root/$1
    exec 9<"$root/pyproject.toml"
    if command -v flock >/dev/null && ! flock --nonblock 9; then
        say "waiting for another script that is installing"
        flock 9
    fi
    make_tools "$@" --only-binary :all:
    if ! cmp -s "$root/pyproject.toml" "$venv/installed.toml"; then
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
            --no-deps --no-build-isolation --no-index --editable "$root"
        cp "$root/pyproject.toml" "$venv/installed.toml"
    fi
    exec 9<&-
}
