//! Images known to hold a shell, and which of them a node has already; it never asks a registry.

use std::cmp::Reverse;

use serde_json::Value;

use crate::cluster::text::cleaned;

/// How many images are offered.
const OFFERED: usize = 2;

/// Repositories whose default command is a shell, by the end of their name so that mirrors count too; the ones with
/// more tools first. Images that start a server instead are left out, whatever else they hold.
const TOOLBOXES: &[&str] = &[
    "netshoot",
    "busybox",
    "alpine",
    "debian",
    "ubuntu",
    "fedora",
    "buildpack-deps",
    "wolfi-base",
    "bash",
    "almalinux",
    "amazonlinux",
    "archlinux",
    "centos",
    "oraclelinux",
    "rockylinux",
    "opensuse/leap",
    "opensuse/tumbleweed",
    "photon",
    "ubi8",
    "ubi9",
    "ubi10",
    "ubi8-minimal",
    "ubi9-minimal",
    "ubi8/ubi",
    "ubi9/ubi",
    "ubi8/ubi-minimal",
    "ubi9/ubi-minimal",
    "windows/servercore",
    "windows/nanoserver",
];

/// An image that a node has already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// Its whole name, as the node has it.
    pub name: String,
    /// The name as people write it: `busybox:1.37`.
    pub short: String,
}

/// The toolboxes among a node's images, at most two of different repositories: first the repository that was asked for,
/// then those with more tools. Tags that the kubelet would pull again (`latest`) are named by their digest instead.
pub fn present_toolboxes(node: &Value, asked: &str) -> Vec<Present> {
    let images = node["status"]["images"].as_array().map(Vec::as_slice).unwrap_or_default();
    let wanted = Reference::of(asked);
    let mut found: Vec<(usize, Present)> = Vec::new();
    for image in images {
        let names = image["names"].as_array().map(Vec::as_slice).unwrap_or_default();
        let names = || names.iter().filter_map(Value::as_str);
        let Some(rank) = names().find_map(|name| rank(name, wanted.repository)) else { continue };
        let usable = |name: &&str| Reference::of(name).is_kept() && short(name) != short(asked);
        let tagged = names().filter(usable).max_by_key(|name| Reference::of(name).specific());
        let Some(name) = tagged.or_else(|| names().find(|name| name.contains('@'))) else { continue };
        let name = cleaned(name);
        found.push((rank, Present { short: short(&name), name }));
    }
    found.sort_by_cached_key(|(rank, present)| {
        (*rank, !Reference::of(&present.name).specific(), Reverse(present.short.clone()))
    });
    found.dedup_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, present)| present).take(OFFERED).collect()
}

/// Whether the image is known to start a shell by itself.
pub(super) fn is_toolbox(image: &str) -> bool {
    rank(image, "").is_some()
}

/// The place among the toolboxes; 0 for the repository that was asked for.
fn rank(name: &str, asked: &str) -> Option<usize> {
    let repository = Reference::of(name).repository;
    let is =
        |known: &str| repository.strip_suffix(known).is_some_and(|before| before.is_empty() || before.ends_with('/'));
    let at = TOOLBOXES.iter().position(|known| is(known))?;
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    Some(if !asked.is_empty() && last(repository) == last(asked) { 0 } else { at + 1 })
}

/// A name of an image taken apart.
struct Reference<'a> {
    repository: &'a str,
    tag: Option<&'a str>,
    digest: bool,
}

impl<'a> Reference<'a> {
    fn of(name: &'a str) -> Self {
        let (rest, digest) = name.split_once('@').map_or((name, false), |(rest, _)| (rest, true));
        let path = rest.rfind('/').map_or(0, |slash| slash + 1);
        match rest[path..].find(':') {
            Some(colon) => Self { repository: &rest[..path + colon], tag: Some(&rest[path + colon + 1..]), digest },
            None => Self { repository: rest, tag: None, digest },
        }
    }

    /// Whether the kubelet takes what it has: without a tag, or with `latest`, its default is to pull each time.
    fn is_kept(&self) -> bool {
        !self.digest && self.tag.is_some_and(|tag| tag != "latest")
    }

    /// A version says more than a word like `stable`.
    fn specific(&self) -> bool {
        self.tag.is_some_and(|tag| tag.starts_with(|first: char| first.is_ascii_digit()))
    }
}

/// Without the registry that is meant anyway, and with a digest cut short.
fn short(name: &str) -> String {
    let rest = name.strip_prefix("docker.io/").unwrap_or(name);
    let rest = rest.strip_prefix("library/").unwrap_or(rest);
    match rest.split_once("@sha256:") {
        Some((repository, digest)) => format!("{repository}@{}", digest.chars().take(8).collect::<String>()),
        None => rest.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn offered(images: &[&[&str]], asked: &str) -> Vec<String> {
        let images: Vec<Value> = images.iter().map(|names| json!({"names": names, "sizeBytes": 1})).collect();
        let node = json!({"status": {"images": images}});
        present_toolboxes(&node, asked).into_iter().map(|present| present.short).collect()
    }

    #[test]
    fn only_what_starts_a_shell_is_offered_and_the_asked_repository_comes_first() {
        let images: &[&[&str]] = &[
            &["docker.io/acme/shop:1.4.2"],
            &["docker.io/library/busybox:1.37", "docker.io/library/busybox:latest", "docker.io/library/busybox:stable"],
            &["registry.k8s.io/pause:3.10"],
            &["mirror.example.com/hub/alpine@sha256:aa", "mirror.example.com/hub/alpine:3.22"],
            &["docker.io/nicolaka/netshoot:v0.13"],
        ];
        assert_eq!(offered(images, "registry.example.com/x:1"), ["nicolaka/netshoot:v0.13", "busybox:1.37"]);
        assert_eq!(offered(images, "alpine:9"), ["mirror.example.com/hub/alpine:3.22", "nicolaka/netshoot:v0.13"]);
        assert!(offered(&[&["docker.io/acme/notbusybox:1"], &["docker.io/library/nginx:1"]], "x").is_empty());
        assert!(present_toolboxes(&json!({}), "x").is_empty());
    }

    #[test]
    fn what_would_be_pulled_again_is_named_by_its_digest() {
        let digest = "docker.io/library/busybox@sha256:0123456789abcdef";
        assert_eq!(offered(&[&[digest, "docker.io/library/busybox:latest"]], "x"), ["busybox@01234567"]);
        assert!(offered(&[&["docker.io/library/busybox:latest"]], "x").is_empty());
        assert_eq!(offered(&[&["localhost:5000/busybox:1"]], "x"), ["localhost:5000/busybox:1"]);
    }

    #[test]
    fn an_image_that_has_just_failed_is_not_offered() {
        assert!(offered(&[&["busybox:1"]], "busybox:1").is_empty());
    }
}
