//! Which proxy the API server is reached through: the kubeconfig's, else the environment's; it never connects.

use http::Uri;

use super::Problem;

/// The environment's words about proxies.
#[derive(Debug, Clone, Default)]
pub(super) struct ProxyEnvironment {
    /// `HTTPS_PROXY` or `https_proxy`.
    pub(super) https: Option<String>,
    /// `HTTP_PROXY` or `http_proxy`.
    pub(super) http: Option<String>,
    /// `NO_PROXY` or `no_proxy`.
    pub(super) exceptions: Option<String>,
}

impl ProxyEnvironment {
    /// What this process was started with; upper case wins, as in Go.
    pub(super) fn of_process() -> Self {
        let either = |upper: &str, lower: &str| {
            [upper, lower]
                .into_iter()
                .filter_map(|name| std::env::var(name).ok())
                .find(|value| !value.trim().is_empty())
        };
        Self {
            https: either("HTTPS_PROXY", "https_proxy"),
            http: either("HTTP_PROXY", "http_proxy"),
            exceptions: either("NO_PROXY", "no_proxy"),
        }
    }

    /// The proxy for this server. `named` is the kubeconfig's `proxy-url`, which no exception overrides.
    pub(super) fn proxy_for(&self, server: &Uri, named: Option<&str>) -> Result<Option<Uri>, Problem> {
        let named = named.map(str::trim).filter(|url| !url.is_empty());
        if let Some(url) = named {
            return parse(url, "the kubeconfig's proxy-url").map(Some);
        }
        let host = server.host().unwrap_or_default().trim_matches(['[', ']']);
        if is_local(host) || self.exceptions.as_deref().is_some_and(|list| excepts(list, host, port_of(server))) {
            return Ok(None);
        }
        let (value, name) =
            if server.scheme_str() == Some("http") { (&self.http, "HTTP_PROXY") } else { (&self.https, "HTTPS_PROXY") };
        value.as_deref().map(|url| parse(url.trim(), name)).transpose()
    }
}

fn parse(url: &str, source: &str) -> Result<Uri, Problem> {
    // `host:port` alone means http, as curl and Go take it; socks5h differs only in who resolves names, which is the proxy here anyway.
    let url = match url.split_once("://") {
        None => format!("http://{url}"),
        Some(("socks5h", rest)) => format!("socks5://{rest}"),
        Some(_) => url.to_owned(),
    };
    let bad = |why: String| {
        Problem::new(
            "cannot connect",
            format!("{source} is no proxy: {why}"),
            "use http://, https:// or socks5:// with host and port",
        )
    };
    let uri: Uri = url.parse().map_err(|error: http::uri::InvalidUri| bad(error.to_string()))?;
    match uri.scheme_str() {
        Some("http" | "https" | "socks5") if uri.host().is_some_and(|host| !host.is_empty()) => Ok(uri),
        scheme => {
            Err(bad(format!("scheme {:?} with host {:?}", scheme.unwrap_or_default(), uri.host().unwrap_or_default())))
        }
    }
}

fn port_of(server: &Uri) -> u16 {
    server.port_u16().unwrap_or(if server.scheme_str() == Some("http") { 80 } else { 443 })
}

/// A proxy cannot reach this machine's own loopback.
fn is_local(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether `NO_PROXY` names the host, by Go's rules: `*`, names with all below them, `.name` for only what is below,
/// addresses, ranges, each with an optional port.
fn excepts(list: &str, host: &str, port: u16) -> bool {
    list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        if entry == "*" {
            return true;
        }
        if let Some(matches) = in_range(entry, host) {
            return matches;
        }
        let (name, wanted) = split_port(entry);
        wanted.is_none_or(|wanted| wanted == port) && names(name, host)
    })
}

fn split_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => match port.parse() {
            Ok(port) => (name.trim_matches(['[', ']']), Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry.trim_matches(['[', ']']), None),
    }
}

fn names(entry: &str, host: &str) -> bool {
    let (entry, host) = (entry.to_ascii_lowercase(), host.trim_end_matches('.').to_ascii_lowercase());
    let entry = entry.strip_prefix('*').unwrap_or(&entry);
    match entry.strip_prefix('.') {
        Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
        None => {
            host == entry
                || (entry.parse::<std::net::IpAddr>().is_err()
                    && host.strip_suffix(entry).is_some_and(|rest| rest.ends_with('.')))
        }
    }
}

/// Whether the host is in a range like `10.0.0.0/8`; `None` if the entry is no range.
fn in_range(entry: &str, host: &str) -> Option<bool> {
    use std::net::IpAddr;
    let (network, bits) = entry.split_once('/')?;
    let (network, bits): (IpAddr, u32) = (network.parse().ok()?, bits.parse().ok()?);
    let Ok(address) = host.parse::<IpAddr>() else {
        return Some(false);
    };
    Some(match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            u32::from(network) & mask == u32::from(address) & mask
        }
        (IpAddr::V6(network), IpAddr::V6(address)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            u128::from(network) & mask == u128::from(address) & mask
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(https: &str, exceptions: &str) -> ProxyEnvironment {
        ProxyEnvironment { https: Some(https.into()), http: None, exceptions: Some(exceptions.into()) }
    }

    fn proxied(exceptions: &str, server: &str) -> bool {
        let environment = environment("http://proxy.corp:3128", exceptions);
        environment.proxy_for(&server.parse().unwrap(), None).unwrap().is_some()
    }

    #[test]
    fn exceptions_are_matched_against_the_server_and_not_the_proxy() {
        assert!(!proxied("api.example.com", "https://api.example.com:6443"));
        assert!(proxied("proxy.corp:3128", "https://api.example.com:6443"));
    }

    #[test]
    fn exceptions_follow_the_rules_of_go() {
        for (list, server, expected) in [
            ("example.com", "https://api.example.com", false),
            (".example.com", "https://example.com", true),
            (".example.com", "https://api.example.com", false),
            ("*.example.com", "https://api.example.com", false),
            ("example.com", "https://badexample.com", true),
            ("a, ,10.0.0.0/8,", "https://10.1.2.3:6443", false),
            ("10.0.0.0/8", "https://11.1.2.3:6443", true),
            ("fd00::/8", "https://[fd12::1]:6443", false),
            ("10.1.2.3", "https://10.1.2.3:6443", false),
            ("api.example.com:6443", "https://api.example.com:6443", false),
            ("api.example.com:443", "https://api.example.com:6443", true),
            ("*", "https://anything", false),
            ("", "https://127.0.0.1:6443", false),
            ("", "https://localhost:6443", false),
            ("", "https://api.example.com", true),
        ] {
            assert_eq!(proxied(list, server), expected, "NO_PROXY={list} {server}");
        }
    }

    #[test]
    fn the_kubeconfigs_proxy_wins_over_the_environment_and_its_exceptions() {
        let environment = environment("http://other:1", "*");
        let proxy = environment.proxy_for(&"https://api".parse().unwrap(), Some("socks5h://jump:1080")).unwrap();
        assert_eq!(proxy.unwrap().to_string(), "socks5://jump:1080/");
    }

    #[test]
    fn a_bare_host_means_http_and_nonsense_is_a_problem() {
        let server = "https://api".parse().unwrap();
        let proxy = environment("proxy.corp:3128", "").proxy_for(&server, None).unwrap();
        assert_eq!(proxy.unwrap().to_string(), "http://proxy.corp:3128/");
        assert!(environment("ftp://x", "").proxy_for(&server, None).is_err());
    }
}
