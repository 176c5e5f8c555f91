//! Takes from a process what its security context does not grant; it grants nothing.

use anyhow::{Context as _, Result};
use rustix::process::{Gid, Uid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
    set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

use super::spec::{Mode, User};

/// Becomes this user with these capabilities, for the program that is executed next. Only in a process of one thread.
pub(super) fn become_user(user: &User, mode: Mode) -> Result<()> {
    let allowed =
        if user.uid == 0 { CapabilitySet::from_bits_retain(user.capabilities) } else { CapabilitySet::empty() };
    // what root gets on exec is what the bounding set has
    limit_bounding_set(allowed);
    if mode == Mode::Root {
        let groups: Vec<Gid> = user.groups.iter().copied().map(Gid::from_raw).collect();
        set_thread_groups(&groups).context("cannot set the supplementary groups")?;
        let gid = Gid::from_raw(user.gid);
        set_thread_res_gid(gid, gid, gid).context("cannot set the group")?;
        let uid = Uid::from_raw(user.uid);
        set_thread_res_uid(uid, uid, uid).context("cannot set the user")?;
    }
    if user.uid == 0 {
        let held = rustix::thread::capabilities(None).context("cannot read the capabilities")?;
        let kept = CapabilitySets {
            effective: allowed & held.permitted,
            permitted: allowed & held.permitted,
            inheritable: CapabilitySet::empty(),
        };
        set_capabilities(None, kept).context("cannot set the capabilities")?;
    }
    if user.no_new_privileges {
        set_no_new_privs(true).context("cannot forbid new privileges")?;
    }
    Ok(())
}

fn limit_bounding_set(allowed: CapabilitySet) {
    for capability in (0..64).map(|bit| CapabilitySet::from_bits_retain(1 << bit)) {
        if !allowed.contains(capability) && remove_capability_from_bounding_set(capability).is_err() {
            break; // the kernel knows no more of them
        }
    }
}
