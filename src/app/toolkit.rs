//! Toolkits: what a debugger is started with, under one name; it reads no configuration itself.

use serde_json::{Value, json};

use crate::plan::{DebugOptions, Profile};

/// A set of choices for a debugger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolkit {
    /// Its name.
    pub name: String,
    /// The image.
    pub image: String,
    /// The profile.
    pub profile: Profile,
    /// What it runs; empty for the image's own.
    pub command: Vec<String>,
    /// Its environment.
    pub env: Vec<(String, String)>,
    /// Volumes of the pod that are mounted into it.
    pub mounts: Vec<Mount>,
}

/// A volume of the pod, mounted into a debugger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The volume's name in the pod.
    pub volume: String,
    /// Where in the debugger.
    pub path: String,
    /// Whether it can only be read there.
    pub read_only: bool,
}

impl Toolkit {
    /// The toolkits of somebody who configured none.
    pub fn built_in() -> Vec<Self> {
        let of = |name: &str, image: &str, profile| Self {
            name: name.to_owned(),
            image: image.to_owned(),
            profile,
            command: Vec::new(),
            env: Vec::new(),
            mounts: Vec::new(),
        };
        vec![
            of("busybox", "busybox:stable", Profile::Auto),
            of("alpine", "alpine:3", Profile::Auto),
            // tcpdump, iptables and the like need NET_ADMIN and NET_RAW.
            of("netshoot", "nicolaka/netshoot:v0.13", Profile::Netadmin),
        ]
    }

    /// Writes its choices over these.
    pub fn apply(&self, options: &mut DebugOptions) {
        options.image = Some(self.image.clone());
        options.profile = self.profile;
        options.command.clone_from(&self.command);
        options.env.clone_from(&self.env);
        options.custom = partial_container(self.mounts.iter());
    }
}

/// The partial container that sets these mounts; `None` where there are none.
fn partial_container<'a>(mounts: impl Iterator<Item = &'a Mount>) -> Option<Value> {
    let mounts: Vec<Value> = mounts
        .map(|mount| {
            let mut entry = json!({ "name": mount.volume, "mountPath": mount.path });
            if mount.read_only {
                entry["readOnly"] = true.into();
            }
            entry
        })
        .collect();
    (!mounts.is_empty()).then(|| json!({ "volumeMounts": mounts }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{parse_custom, parse_image};

    #[test]
    fn what_is_built_in_is_fit_to_be_sent() {
        for toolkit in Toolkit::built_in() {
            assert!(parse_image(&toolkit.image).is_ok_and(|image| image.tag.is_some()), "{}", toolkit.name);
        }
    }

    #[test]
    fn mounts_are_a_partial_container() {
        let mount = |read_only| Mount { volume: "data".into(), path: "/data".into(), read_only };
        let mounts = [mount(true), mount(false)];
        let custom = partial_container(mounts.iter()).expect("mounts");
        assert_eq!(
            custom,
            json!({"volumeMounts": [
                {"name": "data", "mountPath": "/data", "readOnly": true},
                {"name": "data", "mountPath": "/data"},
            ]})
        );
        assert_eq!(parse_custom(&custom.to_string()), Ok(custom));
        assert_eq!(partial_container([].iter()), None);
    }
}
