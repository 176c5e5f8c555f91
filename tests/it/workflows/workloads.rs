//! The scenario's workloads on a cluster that somebody runs: two namespaces of the story's own, removed with it.

use std::path::Path;
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Pod, Service};
use kube::api::{Api, DeleteParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};

use super::site::{NODE_CONTAINER, NODE_POD};

/// How long a new namespace may take to get its service account, without which it admits no pod.
const PATIENCE: Duration = Duration::from_secs(60);
const BETWEEN_TRIES: Duration = Duration::from_millis(200);

/// What a story finds on a real cluster.
pub(super) struct Workloads {
    client: Client,
    /// The namespace of the scenario.
    pub(super) namespace: String,
    /// One that enforces `restricted`.
    pub(super) restricted: String,
    /// The port that the application listens on.
    pub(super) port: u16,
}

impl Workloads {
    /// Makes them. `BATHY_TEST_APP_IMAGE` names an image without a shell that runs `/usr/bin/node /app/server.js` and
    /// writes a file below `/app/requests` for each HTTP request to `BATHY_TEST_APP_PORT` (8000).
    pub(super) async fn make(kubeconfig: &Path) -> Self {
        let image = std::env::var("BATHY_TEST_APP_IMAGE").expect("BATHY_TEST_APP_IMAGE names the application's image");
        let port = std::env::var("BATHY_TEST_APP_PORT").map_or(8000, |port| port.parse().expect("a port"));
        let config = Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
        let config = Config::from_custom_kubeconfig(config, &KubeConfigOptions::default()).await.expect("a cluster");
        let client = Client::try_from(config).expect("a client");
        let namespace = format!("bathy-test-{:08x}", rand::random::<u32>());
        let workloads = Self { client, restricted: format!("{namespace}-restricted"), namespace, port };
        workloads.fill(&image).await;
        workloads
    }

    async fn fill(&self, image: &str) {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        let labels = json!({ "pod-security.kubernetes.io/enforce": "restricted" });
        for (name, labels) in [(&self.namespace, json!({})), (&self.restricted, labels)] {
            let namespace = read(json!({ "metadata": { "name": name, "labels": labels } }));
            namespaces.create(&PostParams::default(), &namespace).await.expect("a namespace");
        }
        let app = json!({ "name": NODE_CONTAINER, "image": image });
        let shell = json!({ "name": "shell", "image": "busybox:stable", "command": ["sleep", "3600"] });
        let crash = json!({ "name": "app", "image": "busybox:stable", "command": ["false"] });
        self.pod(&self.namespace, "multi", json!({ "containers": [app, shell], "terminationGracePeriodSeconds": 1 }))
            .await;
        self.pod(&self.namespace, "crash", json!({ "containers": [crash] })).await;
        let locked = json!({
            "securityContext": {
                "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532, "seccompProfile": { "type": "RuntimeDefault" }
            },
            "containers": [{
                "name": "app", "image": "busybox:stable", "command": ["sleep", "3600"],
                "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } }
            }],
            "terminationGracePeriodSeconds": 1
        });
        self.pod(&self.restricted, "locked", locked).await;
        let labels = json!({ "app": NODE_POD });
        let deployment = read(json!({
            "metadata": { "name": NODE_POD },
            "spec": {
                "selector": { "matchLabels": labels },
                "template": {
                    "metadata": { "labels": labels },
                    "spec": { "containers": [app], "terminationGracePeriodSeconds": 1 }
                }
            }
        }));
        let deployments: Api<Deployment> = Api::namespaced(self.client.clone(), &self.namespace);
        deployments.create(&PostParams::default(), &deployment).await.expect("a Deployment");
        let service = read(json!({
            "metadata": { "name": "nodejsapp-svc" },
            "spec": { "selector": labels, "ports": [{ "port": 8000, "targetPort": self.port }] }
        }));
        let services: Api<Service> = Api::namespaced(self.client.clone(), &self.namespace);
        services.create(&PostParams::default(), &service).await.expect("a Service");
    }

    async fn pod(&self, namespace: &str, name: &str, spec: Value) {
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), namespace);
        let pod = read(json!({ "metadata": { "name": name }, "spec": spec }));
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut tries = tokio::time::interval(BETWEEN_TRIES);
        loop {
            tries.tick().await;
            match pods.create(&PostParams::default(), &pod).await {
                Ok(_) => return,
                // Its service account is on its way.
                Err(kube::Error::Api(status)) if status.code == 403 && tokio::time::Instant::now() < deadline => {}
                Err(error) => panic!("pod {name} could not be created: {error}"),
            }
        }
    }

    /// Removes the namespaces and all that is in them.
    pub(super) async fn remove(&self) {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        for name in [&self.namespace, &self.restricted] {
            namespaces.delete(name, &DeleteParams::default()).await.expect("the namespace is removed");
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(object: Value) -> T {
    serde_json::from_value(object).expect("an object of this kind")
}
