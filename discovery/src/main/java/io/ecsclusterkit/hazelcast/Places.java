package io.ecsclusterkit.hazelcast;

import java.util.ArrayList;
import java.util.List;

/** Finds out which regions and projects to ask: from the configuration, the metadata service, and IAM. */
final class Places {

    /** Looks up the project of a site that knows only its region. */
    interface ProjectLookup {
        String projectId(Site site, Deadline deadline) throws CloudException;
    }

    private final EcsConfig config;
    private final Myself myself;
    private final ProjectLookup lookup;
    private List<Site> sites;

    Places(EcsConfig config, Myself myself, ProjectLookup lookup) {
        this.config = config;
        this.myself = myself;
        this.lookup = lookup;
    }

    /** The sites in the order of the configuration; found out once. */
    List<Site> sites(Deadline deadline) throws CloudException {
        if (sites == null) {
            List<String> regions = config.regions().isEmpty() ? List.of(ownRegion(deadline)) : config.regions();
            List<Site> found = new ArrayList<>();
            for (int i = 0; i < regions.size(); i++) {
                String region = regions.get(i);
                found.add(new Site(region, config.projectIds().isEmpty() ? project(region, deadline) : config.projectIds().get(i)));
            }
            sites = List.copyOf(found);
        }
        return sites;
    }

    private String ownRegion(Deadline deadline) throws CloudException {
        String region = myself.identity(deadline).region();
        if (region == null) {
            throw CloudException.lasting("the metadata service does not name this server's region: give region");
        }
        return region;
    }

    private String project(String region, Deadline deadline) throws CloudException {
        if (myself.mayAskMetadata()) {
            Identity identity = myself.identity(deadline);
            if (region.equals(identity.region()) && identity.projectId() != null) {
                return identity.projectId();
            }
        }
        return lookup.projectId(new Site(region, null), deadline);
    }
}
