//! Why an image could not be pulled, told from the words of containerd, CRI-O and Docker; it words nothing for a person.

/// The reasons that lead to different ways out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PullFailure {
    /// The registry knows the repository, but not this tag or digest.
    Tag,
    /// The registry knows no such repository.
    Name,
    /// The registry says only that there is no such thing.
    NameOrTag,
    /// The repository is not there or not for everybody: the registry does not tell which.
    NameOrCredentials,
    /// The registry wants other credentials than it was given.
    Credentials,
    /// Too many pulls.
    RateLimit,
    /// The registry's name is not found.
    Lookup,
    /// Nothing answers at the registry's address, or not in time.
    Unreachable,
    /// The registry answers with an error of its own.
    Broken,
    /// The registry's certificate is not trusted, or it speaks no TLS.
    Certificate,
    /// The image is not made for the node's machine.
    Platform,
    /// The node's disk is full.
    Disk,
    /// A signature or a policy of the node forbids it.
    Policy,
    /// None of these.
    Unknown,
}

use PullFailure::{
    Broken, Certificate, Credentials, Disk, Lookup, Name, NameOrCredentials, NameOrTag, Platform, Policy, RateLimit,
    Tag, Unknown, Unreachable,
};

/// What each says, lower case; the first that is found counts, so that the more specific stand before the general.
const WORDS: &[(&str, PullFailure)] = &[
    ("no space left on device", Disk),
    ("no match for platform", Platform),
    ("no matching manifest for", Platform),
    ("no image found in image index for", Platform),
    ("no image found in manifest list for", Platform),
    ("signature validation failed", Policy),
    ("source image rejected", Policy),
    ("short-name", NameOrTag),
    ("short name mode is enforcing", NameOrTag),
    ("toomanyrequests", RateLimit),
    ("429 too many requests", RateLimit),
    ("rate limit", RateLimit),
    ("no such host", Lookup),
    ("server misbehaving", Lookup),
    ("name or service not known", Lookup),
    ("temporary failure in name resolution", Lookup),
    ("x509:", Certificate),
    ("server gave http response to https client", Certificate),
    ("tls: failed to verify certificate", Certificate),
    ("connection refused", Unreachable),
    ("no route to host", Unreachable),
    ("network is unreachable", Unreachable),
    ("i/o timeout", Unreachable),
    ("tls handshake timeout", Unreachable),
    ("context deadline exceeded", Unreachable),
    ("client.timeout exceeded", Unreachable),
    ("connection reset by peer", Unreachable),
    ("proxyconnect", Unreachable),
    (": eof", Unreachable),
    ("registry is unavailable", Unreachable),
    ("500 internal server error", Broken),
    ("502 bad gateway", Broken),
    ("503 service unavailable", Broken),
    ("504 gateway timeout", Broken),
    ("repository does not exist or may require", NameOrCredentials),
    ("insufficient_scope", NameOrCredentials),
    ("no basic auth credentials", Credentials),
    ("invalid username/password", Credentials),
    ("incorrect username or password", Credentials),
    ("requested access to the resource is denied", NameOrCredentials),
    ("access to the requested resource is not authorized", NameOrCredentials),
    ("failed to fetch anonymous token", NameOrCredentials),
    ("authentication required", Credentials),
    ("authorization failed", Credentials),
    ("failed to authorize", Credentials),
    ("failed to fetch oauth token", Credentials),
    ("401 unauthorized", Credentials),
    ("403 forbidden", Credentials),
    ("unauthorized", Credentials),
    ("proper credentials", Credentials),
    ("denied", Credentials),
    ("name unknown", Name),
    ("name_unknown", Name),
    ("repository not found", Name),
    ("manifest unknown", Tag),
    ("manifest_unknown", Tag),
    ("404 not found", NameOrTag),
    ("not found", NameOrTag),
];

impl PullFailure {
    /// Tells it from a runtime's message.
    pub(super) fn of(message: &str) -> Self {
        let lower = message.to_lowercase();
        WORDS.iter().find(|(words, _)| lower.contains(words)).map_or(Unknown, |(_, failure)| *failure)
    }
}

/// The core of a runtime's message, without the layers that only name what was asked for.
pub(super) fn core(message: &str) -> &str {
    const LAYERS: &[&str] = &[
        "Back-off pulling image ",
        "Failed to pull image: ",
        "Failed to pull image ",
        "ErrImagePull: ",
        "rpc error: code = ",
        "failed to pull and unpack image ",
        "failed to resolve reference ",
        "failed to resolve image: ",
        "failed to do request: ",
        "Error response from daemon: ",
        "unable to pull image or OCI artifact: pull image err: ",
        "initializing source ",
        "Error initializing source ",
        "pinging container registry ",
        "copying system image from manifest list: ",
        "Head \"",
        "Get \"",
    ];
    let mut rest = message.trim();
    while let Some(layer) = LAYERS.iter().find(|layer| rest.starts_with(**layer)) {
        // A layer that names something ends with the colon after it.
        let inner = if layer.ends_with(": ") {
            Some(&rest[layer.len()..])
        } else {
            rest[layer.len()..].split_once(": ").map(|(_, inner)| inner)
        };
        match inner.map(str::trim).filter(|inner| !inner.is_empty()) {
            Some(inner) => rest = inner,
            None => break,
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDINGS: &[(&str, PullFailure)] = &[
        // containerd
        (
            "failed to pull and unpack image \"docker.io/library/busybox:nope\": failed to resolve reference \"docker.io/library/busybox:nope\": docker.io/library/busybox:nope: not found",
            NameOrTag,
        ),
        (
            "failed to resolve reference \"docker.io/library/nosuch:1\": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
            NameOrCredentials,
        ),
        (
            "failed to resolve reference \"ghcr.io/a/b:1\": failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token?scope=x: 403 Forbidden",
            NameOrCredentials,
        ),
        (
            "failed to resolve reference \"r.example.com/a:1\": failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://r.example.com/token: 401 Unauthorized",
            Credentials,
        ),
        (
            "pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials",
            NameOrCredentials,
        ),
        (
            "unexpected status from HEAD request to https://r.example.com/v2/a/manifests/1: 503 Service Unavailable",
            Broken,
        ),
        (
            "unexpected status from HEAD request to https://registry-1.docker.io/v2/library/busybox/manifests/1: 429 Too Many Requests\ntoomanyrequests: You have reached your unauthenticated pull rate limit.",
            RateLimit,
        ),
        (
            "failed to do request: Head \"https://r.example.com/v2/nosuch/manifests/1\": dial tcp: lookup r.example.com on 10.96.0.10:53: no such host",
            Lookup,
        ),
        (
            "failed to do request: Head \"https://r.example.com/v2/a/manifests/1\": dial tcp 192.0.2.1:443: i/o timeout",
            Unreachable,
        ),
        (
            "failed to do request: Head \"https://r.example.com/v2/a/manifests/1\": tls: failed to verify certificate: x509: certificate signed by unknown authority",
            Certificate,
        ),
        (
            "failed to do request: Head \"https://r.example.com/v2/a/manifests/1\": http: server gave HTTP response to HTTPS client",
            Certificate,
        ),
        ("failed to pull and unpack image \"docker.io/a/b:1\": no match for platform in manifest: not found", Platform),
        ("failed to extract layer sha256:a: write /x: no space left on device: unknown", Disk),
        // CRI-O
        ("initializing source docker://quay.io/a/b:1: reading manifest 1 in quay.io/a/b: manifest unknown", Tag),
        (
            "initializing source docker://quay.io/a/b:1: reading manifest 1 in quay.io/a/b: unauthorized: access to the requested resource is not authorized",
            NameOrCredentials,
        ),
        (
            "initializing source docker://r.example.com/a:1: reading manifest 1 in r.example.com/a: name unknown: repository a not found",
            Name,
        ),
        (
            "initializing source docker://r.example.com/a:1: unable to retrieve auth token: invalid username/password: unauthorized: incorrect",
            Credentials,
        ),
        (
            "initializing source docker://r.example.com/a:1: pinging container registry r.example.com: Get \"https://r.example.com/v2/\": dial tcp: lookup r.example.com: no such host",
            Lookup,
        ),
        (
            "choosing image instance: no image found in image index for architecture \"arm64\", variant \"v8\", OS \"linux\"",
            Platform,
        ),
        (
            "image pull failed for r.example.com/a:1 because the signature validation failed: Source image rejected: A signature was required, but no signature exists",
            Policy,
        ),
        ("short name mode is enforcing, but image name a:1 returns ambiguous list", NameOrTag),
        // Docker
        ("Error response from daemon: manifest for busybox:nope not found: manifest unknown: manifest unknown", Tag),
        (
            "Error response from daemon: pull access denied for a/b, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
            NameOrCredentials,
        ),
        (
            "Error response from daemon: Get http://r.example.com:8083/v2/a/manifests/1: no basic auth credentials",
            Credentials,
        ),
        (
            "Error response from daemon: Head \"https://r.example.com/v2/a/manifests/1\": unauthorized: authentication required",
            Credentials,
        ),
        ("Error response from daemon: no matching manifest for linux/arm64/v8 in the manifest list entries", Platform),
        (
            "Error response from daemon: Get \"https://r.example.com/v2/\": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
            Unreachable,
        ),
        ("failed to fetch anonymous token: Get \"https://auth.docker.io/token\": EOF", Unreachable),
        ("something new", Unknown),
    ];

    #[test]
    fn real_words_are_told_apart() {
        for (words, failure) in WORDINGS {
            assert_eq!(PullFailure::of(words), *failure, "{words}");
        }
    }

    #[test]
    fn layers_are_taken_off() {
        assert_eq!(
            core(
                "Back-off pulling image \"a:1\": ErrImagePull: failed to pull and unpack image \"a:1\": failed to resolve \
                  reference \"a:1\": failed to do request: Head \"http://127.0.0.1:9/v2/a/manifests/1?ns=b\": dial tcp \
                  127.0.0.1:9: connect: connection refused"
            ),
            "dial tcp 127.0.0.1:9: connect: connection refused"
        );
        assert_eq!(
            core("rpc error: code = Unknown desc = Error response from daemon: manifest unknown"),
            "manifest unknown"
        );
        assert_eq!(
            core("initializing source docker://q.io/a:1: reading manifest 1 in q.io/a: manifest unknown"),
            "reading manifest 1 in q.io/a: manifest unknown"
        );
        assert_eq!(core("Back-off pulling image \"a:1\""), "Back-off pulling image \"a:1\"");
    }
}
