package io.ecsclusterkit.hazelcast;

import com.hazelcast.core.HazelcastException;
import com.hazelcast.logging.ILogger;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The addresses of the cluster's servers, come what may. At the start trouble is outwaited until the deadline and then
 * ends the member: an empty list would make it a cluster of its own. Later the last good list stands in for what cannot
 * be asked.
 */
final class Roster {

    /** The joiner asks up to 15 times in 5 seconds. */
    private static final Duration FRESH = Duration.ofSeconds(5);
    /** A running member is asked for by a thread that others wait for. */
    private static final Duration LATER_DEADLINE = Duration.ofSeconds(5);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final int MOST_DOUBLINGS = 4;
    /** A try that has less time ends in a timeout, which would hide the real reason. */
    private static final Duration SHORTEST_TRY = Duration.ofMillis(500);
    private static final int MANY_UNTAGGED = 20;

    private final EcsConfig config;
    private final Survey survey;
    private final Cloud cloud;
    private final TimeSource time;
    private final ILogger logger;

    private final Map<Site, Listing> lastGood = new LinkedHashMap<>();
    private List<String> current;
    private Deadline fresh;
    /** From the first list on, or from the decision to start without one. */
    private boolean settled;
    private boolean outage;

    Roster(EcsConfig config, Survey survey, Cloud cloud, TimeSource time, ILogger logger) {
        this.config = config;
        this.survey = survey;
        this.cloud = cloud;
        this.time = time;
        this.logger = logger;
    }

    /**
     * The addresses to look for members at.
     *
     * @throws HazelcastException at the start, when they cannot be had
     */
    synchronized List<String> addresses() {
        if (fresh != null && !fresh.passed()) {
            return current;
        }
        return keep(settled ? later() : atStart());
    }

    /** Tries once, for what it may teach of this server; a list it gets serves the join as well. */
    synchronized void glance(Deadline deadline) {
        if (settled) {
            return;
        }
        try {
            Map<Site, Listing> found = new LinkedHashMap<>();
            keep(good(survey.addresses(found, deadline), found));
        } catch (CloudException e) {
            logger.fine("Nothing learnt about this server yet: " + e.getMessage() + ".");
        }
    }

    private List<String> keep(List<String> addresses) {
        current = addresses;
        fresh = Deadline.in(FRESH, time);
        return addresses;
    }

    private List<String> atStart() {
        Deadline deadline = Deadline.in(config.deadline(), time);
        Map<Site, Listing> found = new LinkedHashMap<>();
        for (int tries = 1; true; tries++) {
            try {
                return good(survey.addresses(found, deadline), found);
            } catch (CloudException e) {
                if (e.kind() == CloudException.Kind.REFUSED) {
                    return refused(e.getMessage());
                }
                if (e.kind() != CloudException.Kind.TROUBLE) {
                    return none("", e.getMessage());
                }
                if (tries == 1) {
                    logger.warning("Cannot list the servers of this cluster yet: " + e.getMessage() + "; asking again for up to "
                            + config.deadline().toSeconds() + " s.");
                }
                if (!pause(tries, deadline)) {
                    return none(" within " + config.deadline().toSeconds() + " s", e.getMessage());
                }
            }
        }
    }

    private List<String> later() {
        Deadline limit = Deadline.in(LATER_DEADLINE.compareTo(config.deadline()) < 0 ? LATER_DEADLINE : config.deadline(), time);
        Map<Site, Listing> found = new LinkedHashMap<>();
        for (int tries = 1; true; tries++) {
            try {
                return good(survey.addresses(found, limit), found);
            } catch (CloudException e) {
                if (e.kind() != CloudException.Kind.TROUBLE || !pause(tries, limit)) {
                    return lastGood(found, e.getMessage());
                }
            }
        }
    }

    private List<String> good(List<String> addresses, Map<Site, Listing> found) {
        if (outage) {
            logger.info("The servers of this cluster can be listed again: " + addresses.size() + " of them.");
        } else if (!settled) {
            logger.info("Servers of this cluster: " + addresses.size() + ", members are looked for on port " + config.ports() + ".");
            if (config.tagKeys().isEmpty() && addresses.size() > MANY_UNTAGGED) {
                logger.warning("Members are looked for on all " + addresses.size() + " ACTIVE servers of the project: a tag-key saves time.");
            }
        }
        logger.fine("Servers of this cluster: " + addresses);
        settled = true;
        outage = false;
        lastGood.clear();
        lastGood.putAll(found);
        return List.copyOf(addresses);
    }

    private List<String> lastGood(Map<Site, Listing> found, String why) {
        List<String> addresses = new ArrayList<>();
        if (lastGood.isEmpty()) {
            addresses.addAll(current);
        } else {
            lastGood.putAll(found);
            lastGood.values().forEach(listing -> addresses.addAll(listing.addresses()));
        }
        if (!outage) {
            outage = true;
            logger.warning("Cannot list the servers of this cluster: " + why + "; the last good list stays in use ("
                    + addresses.size() + " servers).");
        }
        return List.copyOf(addresses);
    }

    /** Says why at once, then waits the rest of the minute, because whoever restarts this member would ask again. */
    private List<String> refused(String why) {
        if (!config.allowStandalone()) {
            logger.severe("Cannot list the servers of this cluster: " + why + ". The next attempt is held back for "
                    + cloud.heldBack().plusMillis(999).toSeconds() + " s, because wrong signatures in a row lock the key.");
            sleep(cloud.heldBack());
        }
        return none("", why);
    }

    private List<String> none(String when, String why) {
        String sentence = "Cannot list the servers of this cluster" + when + ": " + why + ".";
        if (config.allowStandalone()) {
            logger.warning(sentence + " This member starts alone (allow-standalone).");
            settled = true;
            outage = true;
            return List.of();
        }
        throw new HazelcastException(sentence + " This member stops, because alone it would be a cluster of its own.");
    }

    private boolean pause(int tries, Deadline deadline) {
        long most = FIRST_PAUSE.toMillis() << Math.min(tries - 1, MOST_DOUBLINGS);
        sleep(deadline.cap(Duration.ofMillis(ThreadLocalRandom.current().nextLong(most / 2, most + 1))));
        return deadline.left().compareTo(SHORTEST_TRY) >= 0;
    }

    private void sleep(Duration duration) {
        boolean slept = false;
        try {
            slept = time.sleep(duration);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!slept) {
            throw new HazelcastException("The member was shut down while it looked for others.");
        }
    }
}
