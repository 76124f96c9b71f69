# Sourced by script/test: the programs outside Python that some tests use. Those tests skip, saying so, without them.

# Prints the Debian packages whose programs are missing.
missing_packages() {
    command -v chromium >/dev/null || echo chromium
    command -v localc >/dev/null || echo libreoffice-calc
    /usr/bin/python3 -c 'import uno' 2>/dev/null || echo python3-uno
    [ -n "$(fc-list :lang=zh 2>/dev/null)" ] || echo fonts-noto-cjk
}

# Installs them where that is possible without asking anybody.
install_packages() {
    local missing
    missing=$(missing_packages | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        say "installing $missing..."
        # shellcheck disable=SC2086 # a list of words
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
            apt-get install -qq --yes --no-install-recommends $missing >/dev/null </dev/null || true
        missing=$(missing_packages | tr '\n' ' ')
        [ -n "$missing" ] || return 0
    fi
    say "missing: ${missing}— the tests that need them are skipped"
}
