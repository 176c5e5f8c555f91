//! The grammar of image references, as registries and kubectl read them; it never asks a registry.

use super::Refusal;

/// An image reference, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageReference<'a> {
    /// The repository, with its registry where one is named: `registry.example.com:5000/team/app`.
    pub name: &'a str,
    /// What follows the colon.
    pub tag: Option<&'a str>,
    /// What follows the at sign: `sha256:…`.
    pub digest: Option<&'a str>,
}

/// Takes an image reference apart.
///
/// # Errors
/// A [`Refusal`] for anything that is not `[registry[:port]/]path[:tag][@digest]`.
pub fn parse_image(text: &str) -> Result<ImageReference<'_>, Refusal> {
    parse(text).ok_or_else(|| {
        Refusal::new(format!(
            "{text:?} is not a valid image name; one looks like busybox:stable or registry.example.com/team/app:1.2"
        ))
    })
}

fn parse(text: &str) -> Option<ImageReference<'_>> {
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (text, None),
    };
    // A colon before the last slash belongs to the registry's port.
    let path_start = rest.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match rest[path_start..].find(':') {
        Some(colon) => (&rest[..path_start + colon], Some(&rest[path_start + colon + 1..])),
        None => (rest, None),
    };
    (is_name(name) && tag.is_none_or(is_tag) && digest.is_none_or(is_digest)).then_some(ImageReference {
        name,
        tag,
        digest,
    })
}

fn is_name(name: &str) -> bool {
    match name.split_once('/') {
        Some((first, path)) => {
            (is_registry(first) || is_path_component(first)) && path.split('/').all(is_path_component)
        }
        None => is_path_component(name),
    }
}

fn is_registry(text: &str) -> bool {
    let (host, port) = if text.starts_with('[') {
        match text.split_once(']') {
            Some((host, "")) => (host, None),
            Some((host, rest)) => match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None => return false,
            },
            None => return false,
        }
    } else {
        match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    let is_host = match host.strip_prefix('[') {
        Some(address) => !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':'),
        None => host.split('.').all(is_host_component),
    };
    is_host && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

fn is_host_component(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Lower-case words joined by one dot, one or two underscores, or any number of dashes.
fn is_path_component(text: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let is_joint =
        |joint: &str| matches!(joint, "." | "_" | "__") || (!joint.is_empty() && joint.bytes().all(|b| b == b'-'));
    let mut rest = text;
    loop {
        let word = rest.bytes().take_while(|b| is_word(*b)).count();
        if word == 0 {
            return false;
        }
        rest = &rest[word..];
        if rest.is_empty() {
            return true;
        }
        let joint = rest.bytes().take_while(|b| matches!(b, b'.' | b'_' | b'-')).count();
        if !is_joint(&rest[..joint]) {
            return false;
        }
        rest = &rest[joint..];
    }
}

fn is_tag(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
        && !text.starts_with(['.', '-'])
}

fn is_digest(text: &str) -> bool {
    let Some((algorithm, hex)) = text.split_once(':') else {
        return false;
    };
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    algorithm.split(['-', '_', '+', '.']).all(is_part) && hex.len() >= 32 && hex.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_apart() {
        let hex = "0123456789abcdef".repeat(4);
        let whole = format!("localhost:5000/team/app:1.2@sha256:{hex}");
        let image = parse_image(&whole).unwrap();
        assert_eq!(image.name, "localhost:5000/team/app");
        assert_eq!(image.tag, Some("1.2"));
        assert_eq!(image.digest, Some(&*format!("sha256:{hex}")));
        assert_eq!(parse_image("localhost:5000").unwrap().tag, Some("5000"));
    }

    #[test]
    fn valid() {
        for text in [
            "busybox",
            "busybox:stable",
            "mcr/powershell",
            "Registry.Example.com/app",
            "a--b/c__d.e_f",
            "[fd00::1]:5000/app",
            "[fd00::1]/app",
            "x:_A.b-c",
            &format!("a@sha256:{}", "0".repeat(64)),
            &format!("a@multi+sha256.b64u:{}", "a".repeat(32)),
        ] {
            assert!(parse_image(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn invalid() {
        for text in [
            "",
            "a b",
            " busybox",
            "busybox ",
            "a:b@deadbeef",
            "BAD::image",
            "Busybox",
            "a/B",
            "a//b",
            "/a",
            "a/",
            "a:",
            "a:.x",
            "a@",
            "a..b",
            "a___b",
            "-a",
            "a-",
            "host:port/a",
            "[fd00::1]x/a",
            "[/a",
            "é",
            &format!("a:{}", "t".repeat(129)),
            &format!("a@sha256:{}@sha256:{}", "0".repeat(64), "0".repeat(64)),
        ] {
            assert!(parse_image(text).is_err(), "{text}");
        }
    }
}
