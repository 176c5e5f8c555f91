//! Creating, changing and deleting objects: admission, validation, then the store; it starts and stops nothing itself.

mod admission;
mod change;
mod delete;

use rand::RngExt as _;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal, with_warnings};
use super::call::Call;
use super::{defaults, read, validation};
use crate::demo::object::{name, text};
use crate::demo::resource::{Resource, by_plural};
use crate::demo::store::{new_uid, now};

pub(super) use change::{Part, patch, update};
pub(super) use delete::delete;

/// The letters of generated names: none that make words, none that look alike.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// `POST` to a collection.
pub(super) async fn create(mut call: Call, resource: &'static Resource, namespace: &str) -> Result<Answer, Refusal> {
    let mut object = call.object().await?;
    check_kind(resource, &object)?;
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    if !text(&object, "/metadata/resourceVersion").is_empty() {
        let message = "resourceVersion should not be set on objects to be created";
        return Err(Refusal::bad_request(message));
    }
    prepare(&call, resource, namespace, &mut object)?;
    let new_name = name(&object).to_owned();
    let errors = match resource.plural {
        "pods" => {
            defaults::pod(&mut object);
            validation::pod(&object)
        }
        _ => validation::object_name(&new_name),
    };
    if !errors.is_empty() {
        return Err(Refusal::invalid(resource, &new_name, &errors));
    }
    let store = &call.server.store;
    let home = store.get("namespaces", "", namespace);
    let warnings = admission::pod_security(home.as_deref(), resource, &object)?;
    admission::quota(store, resource, namespace, &object)?;
    let taken = || Refusal::already_exists(resource, &new_name);
    let created = if call.is_dry_run()? {
        if store.get(resource.plural, namespace, &new_name).is_some() {
            return Err(taken());
        }
        object["metadata"]["uid"] = json!(new_uid());
        object["metadata"]["creationTimestamp"] = json!(now());
        object
    } else {
        store.create(resource.plural, object).map(|kept| Value::clone(&kept)).map_err(|_| taken())?
    };
    read::one(&call, 201, resource, &created).map(|answer| with_warnings(answer, &warnings))
}

/// The body must be of the kind that the path is for, where it says one.
fn check_kind(resource: &Resource, object: &Value) -> Result<(), Refusal> {
    if !object.is_object() {
        return Err(Refusal::bad_request("the object provided is not an object"));
    }
    let (version, kind) = (text(object, "/apiVersion"), text(object, "/kind"));
    let expected = resource.api_version();
    if (version.is_empty() || version == expected) && (kind.is_empty() || kind == resource.kind) {
        return Ok(());
    }
    Err(Refusal::bad_request(format!(
        "the API version and kind in the data ({version}, {kind}) do not match the expected ones ({expected}, {})",
        resource.kind
    )))
}

/// Gives the object what only the server can say: name, namespace, and no identity of its own.
fn prepare(call: &Call, resource: &Resource, namespace: &str, object: &mut Value) -> Result<(), Refusal> {
    let metadata = &mut object["metadata"];
    let own = metadata["namespace"].as_str().unwrap_or_default();
    if !own.is_empty() && own != namespace {
        let message = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(Refusal::bad_request(message));
    }
    if let Some(metadata) = metadata.as_object_mut() {
        for field in ["uid", "creationTimestamp", "deletionTimestamp", "generation", "managedFields"] {
            metadata.shift_remove(field);
        }
        if !namespace.is_empty() {
            metadata.insert("namespace".to_owned(), json!(namespace));
        }
    }
    let base = metadata["generateName"].as_str().unwrap_or_default().to_owned();
    if metadata["name"].as_str().is_none_or(str::is_empty) && !base.is_empty() {
        metadata["name"] = json!(format!("{base}{}", suffix()));
    }
    if resource.namespaced {
        let namespaces = by_plural("namespaces").unwrap_or(resource);
        let home = call.server.store.get("namespaces", "", namespace);
        let home = home.ok_or_else(|| Refusal::not_found(namespaces, namespace))?;
        if text(&home, "/status/phase") == "Terminating" {
            let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
            return Err(Refusal::forbidden(resource, name(object), &why));
        }
    }
    match resource.plural {
        "namespaces" => {
            let own = name(object).to_owned();
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = json!(own);
            object["spec"] = json!({ "finalizers": ["kubernetes"] });
            object["status"] = json!({ "phase": "Active" });
        }
        "services" => service_defaults(object),
        _ => defaults::workload(resource, object),
    }
    Ok(())
}

fn service_defaults(object: &mut Value) {
    if !object["spec"].is_object() {
        object["spec"] = json!({});
    }
    let spec = &mut object["spec"];
    if spec["type"].is_null() {
        spec["type"] = json!("ClusterIP");
    }
    if spec["clusterIP"].is_null() && spec["type"] != "ExternalName" {
        let [a, b] = rand::rng().random::<[u8; 2]>();
        spec["clusterIP"] = json!(format!("10.96.{a}.{}", b.max(1)));
    }
    object["status"] = json!({ "loadBalancer": {} });
}

/// Five random letters.
fn suffix() -> String {
    let mut random = rand::rng();
    let letter = |_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())]);
    (0..5).map(letter).collect()
}
