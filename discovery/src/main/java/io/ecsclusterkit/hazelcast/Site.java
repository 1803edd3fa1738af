package io.ecsclusterkit.hazelcast;

import java.util.Objects;

/** Where servers are listed: a region and the project in it (null until it has been looked up). */
final class Site {

    private final String region;
    private final String projectId;

    Site(String region, String projectId) {
        this.region = region;
        this.projectId = projectId;
    }

    String region() {
        return region;
    }

    String projectId() {
        return projectId;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Site && region.equals(((Site) other).region)
                && Objects.equals(projectId, ((Site) other).projectId);
    }

    @Override
    public int hashCode() {
        return Objects.hash(region, projectId);
    }

    @Override
    public String toString() {
        return region;
    }
}
