package io.ecsclusterkit.hazelcast;

/** What the metadata service says of this server; each may be null. */
final class Identity {

    private final String instanceId;
    private final String projectId;
    private final String region;
    private final String zone;

    Identity(String instanceId, String projectId, String region, String zone) {
        this.instanceId = instanceId;
        this.projectId = projectId;
        this.region = region;
        this.zone = zone;
    }

    String instanceId() {
        return instanceId;
    }

    String projectId() {
        return projectId;
    }

    String region() {
        return region;
    }

    String zone() {
        return zone;
    }
}
