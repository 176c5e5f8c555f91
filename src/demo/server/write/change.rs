//! `PUT` and `PATCH`: what an object may become, by the part of it that is changed; it creates nothing.

use std::sync::Arc;

use serde_json::Value;

use super::{admission, check_kind};
use crate::demo::object::{name, text};
use crate::demo::resource::Resource;
use crate::demo::server::answer::{Answer, Refusal, with_warnings};
use crate::demo::server::call::{self, Call};
use crate::demo::server::patch::PatchKind;
use crate::demo::server::{defaults, read, validation};

/// Which object, and which part of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    /// Its kind.
    pub(crate) resource: &'static Resource,
    /// Empty for a cluster-scoped object.
    pub(crate) namespace: &'a str,
    /// Its name.
    pub(crate) name: &'a str,
    /// Empty for the object itself.
    pub(crate) subresource: &'a str,
}

/// `PUT`.
pub(crate) async fn update(mut call: Call, part: Part<'_>) -> Result<Answer, Refusal> {
    let given = call.object().await?;
    check_kind(part.resource, &given)?;
    if name(&given) != part.name {
        return Err(Refusal::bad_request(format!(
            "the name of the object ({}) does not match the name on the URL ({})",
            name(&given),
            part.name
        )));
    }
    change(&call, part, |object| {
        *object = given;
        Ok(())
    })
}

/// `PATCH`.
pub(crate) async fn patch(mut call: Call, part: Part<'_>) -> Result<Answer, Refusal> {
    let Some(kind) = PatchKind::parse(call.content_type()) else {
        let given = call.content_type().to_owned();
        return Err(Refusal::unsupported_media_type(&given, PatchKind::ACCEPTED));
    };
    let body = call.body().await?;
    let patch = call::parse(&body)?;
    change(&call, part, |object| {
        kind.apply(object, &patch).map_err(|why| Refusal::bad_request(format!("the patch cannot be applied: {why}")))
    })
}

fn change(
    call: &Call,
    part: Part<'_>,
    apply: impl FnOnce(&mut Value) -> Result<(), Refusal>,
) -> Result<Answer, Refusal> {
    let Part { resource, namespace, name, .. } = part;
    let store = &call.server.store;
    let gone = || Refusal::not_found(resource, name);
    // read before the store is locked for the change
    let home = store.get("namespaces", "", namespace);
    let mut warnings = Vec::new();
    let become_new = |object: &mut Value| {
        let old = object.clone();
        apply(object)?;
        if !object.is_object() {
            return Err(Refusal::bad_request("nothing is left of the object"));
        }
        warnings = admit(home.as_deref(), part, &old, object)?;
        Ok(())
    };
    let changed: Arc<Value> = if call.is_dry_run()? {
        let object = store.get(resource.plural, namespace, name).ok_or_else(gone)?;
        let mut object = Value::clone(&object);
        become_new(&mut object)?;
        Arc::new(object)
    } else {
        store.try_update(resource.plural, namespace, name, become_new).ok_or_else(gone)??
    };
    read::one(call, 200, resource, &changed).map(|answer| with_warnings(answer, &warnings))
}

/// Keeps of the new object what this part of it may change, and refuses what breaks a rule.
fn admit(home: Option<&Value>, part: Part<'_>, old: &Value, new: &mut Value) -> Result<Vec<String>, Refusal> {
    let Part { resource, name, .. } = part;
    let wanted = text(new, "/metadata/resourceVersion");
    if !wanted.is_empty() && wanted != text(old, "/metadata/resourceVersion") {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        return Err(Refusal::conflict(resource, name, why));
    }
    let errors = match (resource.plural, part.subresource) {
        ("pods", "ephemeralcontainers") => {
            keep_only(old, new, "/spec", "ephemeralContainers");
            let all = new.pointer_mut("/spec/ephemeralContainers").and_then(Value::as_array_mut);
            all.into_iter().flatten().for_each(defaults::container);
            validation::ephemeral_containers(old, new)
        }
        (_, "status") => {
            keep_only(old, new, "", "status");
            Vec::new()
        }
        ("pods", _) => {
            new["status"] = old["status"].clone();
            validation::pod_update(old, new)
        }
        _ => {
            defaults::workload(resource, new);
            Vec::new()
        }
    };
    if !errors.is_empty() {
        return Err(Refusal::invalid(resource, name, &errors));
    }
    if new.get("spec") == old.get("spec") {
        return Ok(Vec::new());
    }
    admission::pod_security(home, resource, new)
}

/// Takes everything of the old object but one field of the object at the pointer.
fn keep_only(old: &Value, new: &mut Value, at: &str, field: &str) {
    let kept = new.pointer(&format!("{at}/{field}")).cloned();
    *new = old.clone();
    let Some(holder) = new.pointer_mut(at).and_then(Value::as_object_mut) else {
        return;
    };
    match kept.filter(|kept| !kept.is_null()) {
        Some(kept) => holder.insert(field.to_owned(), kept),
        None => holder.shift_remove(field),
    };
}
