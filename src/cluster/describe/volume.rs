//! Volumes in kubectl's words, a source at a time; what fills them is never read.

use k8s_openapi::api::core::v1::{PersistentVolumeClaimTemplate, ProjectedVolumeSource, Volume};
use serde_json::Value;

use super::description::{Cell, Page, said};
use super::labels::{annotations, labels, shortened};
use super::quantity::Amount;

/// A source of volumes: its name in the API, what kubectl says of it, then its fields as kubectl calls them and as the API
/// does.
type Simple = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// The sources that are told field by field: the name in the API, what kubectl says of it, its fields and their names.
const SIMPLE: &[Simple] = &[
    (
        "gcePersistentDisk",
        "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
        &[("PDName", "pdName"), ("FSType", "fsType"), ("Partition", "#partition"), ("ReadOnly", "?readOnly")],
    ),
    (
        "awsElasticBlockStore",
        "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
        &[("VolumeID", "volumeID"), ("FSType", "fsType"), ("Partition", "#partition"), ("ReadOnly", "?readOnly")],
    ),
    (
        "gitRepo",
        "GitRepo (a volume that is pulled from git when the pod is created)",
        &[("Repository", "repository"), ("Revision", "revision")],
    ),
    ("secret", "Secret (a volume populated by a Secret)", &[("SecretName", "secretName"), ("Optional", "?optional")]),
    ("configMap", "ConfigMap (a volume populated by a ConfigMap)", &[("Name", "name"), ("Optional", "?optional")]),
    (
        "nfs",
        "NFS (an NFS mount that lasts the lifetime of a pod)",
        &[("Server", "server"), ("Path", "path"), ("ReadOnly", "?readOnly")],
    ),
    (
        "iscsi",
        "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
        &[
            ("TargetPortal", "targetPortal"),
            ("IQN", "iqn"),
            ("Lun", "#lun"),
            ("ISCSIInterface", "iscsiInterface"),
            ("FSType", "fsType"),
            ("ReadOnly", "?readOnly"),
            ("Portals", "portals"),
            ("DiscoveryCHAPAuth", "?chapAuthDiscovery"),
            ("SessionCHAPAuth", "?chapAuthSession"),
            ("SecretRef", "secretRef"),
            ("InitiatorName", "-initiatorName"),
        ],
    ),
    (
        "glusterfs",
        "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
        &[("EndpointsName", "endpoints"), ("Path", "path"), ("ReadOnly", "?readOnly")],
    ),
    (
        "persistentVolumeClaim",
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        &[("ClaimName", "claimName"), ("ReadOnly", "?readOnly")],
    ),
    (
        "rbd",
        "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)",
        &[
            ("CephMonitors", "monitors"),
            ("RBDImage", "image"),
            ("FSType", "fsType"),
            ("RBDPool", "pool"),
            ("RadosUser", "user"),
            ("Keyring", "keyring"),
            ("SecretRef", "secretRef"),
            ("ReadOnly", "?readOnly"),
        ],
    ),
    (
        "quobyte",
        "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)",
        &[("Registry", "registry"), ("Volume", "volume"), ("ReadOnly", "?readOnly")],
    ),
    (
        "azureDisk",
        "AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)",
        &[
            ("DiskName", "diskName"),
            ("DiskURI", "diskURI"),
            ("Kind", "kind"),
            ("FSType", "fsType"),
            ("CachingMode", "cachingMode"),
            ("ReadOnly", "?readOnly"),
        ],
    ),
    (
        "vsphereVolume",
        "vSphereVolume (a Persistent Disk resource in vSphere)",
        &[("VolumePath", "volumePath"), ("FSType", "fsType"), ("StoragePolicyName", "storagePolicyName")],
    ),
    (
        "cinder",
        "Cinder (a Persistent Disk resource in OpenStack)",
        &[("VolumeID", "volumeID"), ("FSType", "fsType"), ("ReadOnly", "?readOnly"), ("SecretRef", "secretRef")],
    ),
    (
        "photonPersistentDisk",
        "PhotonPersistentDisk (a Persistent Disk resource in photon platform)",
        &[("PdID", "pdID"), ("FSType", "fsType")],
    ),
    ("portworxVolume", "PortworxVolume (a Portworx Volume resource)", &[("VolumeID", "volumeID")]),
    (
        "scaleIO",
        "ScaleIO (a persistent volume backed by a block device in ScaleIO)",
        &[
            ("Gateway", "gateway"),
            ("System", "system"),
            ("Protection Domain", "protectionDomain"),
            ("Storage Pool", "storagePool"),
            ("Storage Mode", "storageMode"),
            ("VolumeName", "volumeName"),
            ("FSType", "fsType"),
            ("ReadOnly", "?readOnly"),
        ],
    ),
    (
        "cephfs",
        "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
        &[
            ("Monitors", "monitors"),
            ("Path", "path"),
            ("User", "user"),
            ("SecretFile", "secretFile"),
            ("SecretRef", "secretRef"),
            ("ReadOnly", "?readOnly"),
        ],
    ),
    (
        "storageos",
        "StorageOS (a StorageOS Persistent Disk resource)",
        &[
            ("VolumeName", "volumeName"),
            ("VolumeNamespace", "volumeNamespace"),
            ("FSType", "fsType"),
            ("ReadOnly", "?readOnly"),
        ],
    ),
    (
        "fc",
        "FC (a Fibre Channel disk)",
        &[("TargetWWNs", "targetWWNs"), ("LUN", "-lun"), ("FSType", "fsType"), ("ReadOnly", "?readOnly")],
    ),
    (
        "azureFile",
        "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
        &[("SecretName", "secretName"), ("ShareName", "shareName"), ("ReadOnly", "?readOnly")],
    ),
    (
        "flexVolume",
        "FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)",
        &[
            ("Driver", "driver"),
            ("FSType", "fsType"),
            ("SecretRef", "secretRef"),
            ("ReadOnly", "?readOnly"),
            ("Options", "options"),
        ],
    ),
    (
        "flocker",
        "Flocker (a Flocker volume mounted by the Flocker agent)",
        &[("DatasetName", "datasetName"), ("DatasetUUID", "datasetUUID")],
    ),
    ("image", "Image (a container image or OCI artifact)", &[("Reference", "reference"), ("PullPolicy", "pullPolicy")]),
];

/// The volumes of a pod or of a template.
pub(super) fn volumes(page: &mut Page, depth: usize, volumes: Option<&Vec<Volume>>) {
    let Some(volumes) = volumes.filter(|volumes| !volumes.is_empty()) else {
        page.field(depth, "Volumes", "<none>");
        return;
    };
    page.group(depth, "Volumes");
    for volume in volumes {
        page.group(depth + 1, &volume.name);
        source(page, volume);
    }
}

fn source(page: &mut Page, volume: &Volume) {
    if let Some(host) = &volume.host_path {
        page.field(2, "Type", "HostPath (bare host directory volume)");
        page.field(2, "Path", &host.path);
        page.field(2, "HostPathType", host.type_.as_deref().unwrap_or("<none>"));
    } else if let Some(empty) = &volume.empty_dir {
        page.field(2, "Type", "EmptyDir (a temporary directory that shares a pod's lifetime)");
        page.field(2, "Medium", empty.medium.as_deref().unwrap_or_default());
        let limit = empty.size_limit.as_ref();
        let limit = limit.filter(|limit| Amount::read(limit).is_some_and(|amount| !amount.is_zero()));
        page.field(2, "SizeLimit", limit.map_or("<unset>", |limit| limit.0.as_str()));
    } else if let Some(api) = &volume.downward_api {
        page.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
        page.group(2, "Items");
        for item in api.items.iter().flatten() {
            let field = item.field_ref.as_ref().map(|field| &field.field_path);
            let resource = item.resource_field_ref.as_ref().map(|field| &field.resource);
            for from in field.into_iter().chain(resource) {
                page.words(3, format!("{from} -> {}", item.path));
            }
        }
    } else if let Some(projected) = &volume.projected {
        all_in_one(page, projected);
    } else if let Some(ephemeral) = &volume.ephemeral {
        let what = "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)";
        page.field(2, "Type", what);
        if let Some(template) = &ephemeral.volume_claim_template {
            claim(page, template);
        }
    } else if let Some(csi) = &volume.csi {
        page.field(2, "Type", "CSI (a Container Storage Interface (CSI) volume source)");
        page.field(2, "Driver", &csi.driver);
        page.field(2, "FSType", csi.fs_type.as_deref().unwrap_or_default());
        page.field(2, "ReadOnly", (csi.read_only == Some(true)).to_string());
        let attributes = csi.volume_attributes.iter().flatten();
        page.list(2, "VolumeAttributes", attributes.map(|(name, value)| shortened(&format!("{name}={value}"), 140)));
    } else if !simple(page, volume) {
        page.words(1, "<unknown>");
    }
}

/// A source that is told field by field; whether it is one.
fn simple(page: &mut Page, volume: &Volume) -> bool {
    let Ok(volume) = serde_json::to_value(volume) else { return false };
    let Some((source, what, fields)) = SIMPLE.iter().find(|(source, _, _)| volume[source].is_object()) else {
        return false;
    };
    page.field(2, "Type", what);
    for (name, field) in *fields {
        let (missing, key) = match field.split_at(1) {
            ("?", key) => ("false", key),
            ("#", key) => ("0", key),
            ("-", key) => ("<none>", key),
            _ => ("", *field),
        };
        page.field(2, name, value(&volume[source][key], missing));
    }
    true
}

fn value(value: &Value, missing: &str) -> String {
    match value {
        Value::Null => missing.to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(|item| self::value(item, "")).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, field)| format!("{name}={}", self::value(field, "")));
            fields.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn all_in_one(page: &mut Page, projected: &ProjectedVolumeSource) {
    page.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
    for source in projected.sources.iter().flatten() {
        let mut named = |title: &str, name: &str, optional: Option<bool>| {
            page.field(2, title, name);
            page.field(2, "Optional", (optional == Some(true)).to_string());
        };
        if let Some(secret) = &source.secret {
            named("SecretName", &secret.name, secret.optional);
        } else if source.downward_api.is_some() {
            page.field(2, "DownwardAPI", "true");
        } else if let Some(map) = &source.config_map {
            named("ConfigMapName", &map.name, map.optional);
        } else if let Some(token) = &source.service_account_token {
            page.field(2, "TokenExpirationSeconds", token.expiration_seconds.unwrap_or(3600).to_string());
        }
    }
}

fn claim(page: &mut Page, template: &PersistentVolumeClaimTemplate) {
    let (spec, metadata) = (&template.spec, template.metadata.clone().unwrap_or_default());
    page.field(2, "StorageClass", spec.storage_class_name.as_deref().unwrap_or_default());
    page.field(2, "Volume", spec.volume_name.as_deref().unwrap_or_default());
    labels(page, 2, "Labels", metadata.labels.as_ref());
    annotations(page, 2, metadata.annotations.as_ref());
    let requests = spec.resources.as_ref().and_then(|resources| resources.requests.as_ref());
    let storage = requests.and_then(|requests| requests.get("storage"));
    page.field(2, "Capacity", storage.map_or("", |storage| storage.0.as_str()));
    page.field(2, "Access Modes", access_modes(spec.access_modes.as_ref()));
    page.row(2, vec![Cell::Name("VolumeMode:".to_owned()), said(spec.volume_mode.as_deref().unwrap_or_default())]);
}

/// Access modes as kubectl shortens them.
fn access_modes(modes: Option<&Vec<String>>) -> String {
    let short = |mode: &String| match mode.as_str() {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        _ => "",
    };
    modes.into_iter().flatten().map(short).collect::<Vec<_>>().join(",")
}
