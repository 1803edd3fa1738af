package io.ecsclusterkit.hazelcast;

import com.hazelcast.core.HazelcastException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.List;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The metadata service when it does not answer as wanted. */
@Timeout(30)
class MetadataTest {

    private static final String IDENTITY = "/meta_data.json";
    private static final String KEY = "/securitykey";

    private final Rig rig = new Rig();

    @AfterEach
    void close() {
        rig.close();
    }

    private List<String> nodes() {
        return Rig.nodes(rig.strategy());
    }

    private String failure() {
        rig.set("discovery-deadline-seconds", "1");
        return assertThrows(HazelcastException.class, this::nodes).getMessage();
    }

    /** The service answers this until the strategy has waited once. */
    private void answersAtFirst(String path, int status, String body) {
        rig.cloud.trouble = (seen, exchange) -> {
            if (seen.path.endsWith(path) && rig.time.sleeps.isEmpty()) {
                FakeCloud.answer(exchange, status, body);
                return true;
            }
            return false;
        };
    }

    private void answers(String path, int status, String body) {
        rig.cloud.trouble = (seen, exchange) -> {
            if (seen.path.endsWith(path)) {
                FakeCloud.answer(exchange, status, body);
                return true;
            }
            return false;
        };
    }

    @ParameterizedTest
    @CsvSource({IDENTITY + ",500", IDENTITY + ",404", KEY + ",500", KEY + ",429"})
    void troubleIsOutwaitedAndNeverTakenForNoAgency(String path, int status) {
        rig.agency().here();
        rig.cloud.add(Rig.REGION, FakeServer.at("10.0.0.2"));
        answersAtFirst(path, status, "");
        assertEquals(List.of("127.0.0.1:5701", "10.0.0.2:5701"), nodes());
        assertEquals(1, rig.time.sleeps.size());
    }

    @ParameterizedTest
    @ValueSource(strings = {IDENTITY, KEY})
    void anAnswerThatIsNotJsonIsTrouble(String path) {
        rig.agency().here();
        answers(path, 200, "<html>");
        assertTrue(failure().contains("could not be read"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"credential\":null}", "{\"credential\":{\"access\":\"a\"}}",
        "{\"credential\":{\"access\":\"a\",\"secret\":\"\"}}", "{\"credential\":{\"secret\":\"s\"}}"})
    void aKeyWithoutItsPartsIsTrouble(String body) {
        rig.agency().here();
        answers(KEY, 200, body);
        assertTrue(failure().contains("an agency's key without its parts"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",\"expires_at\":\"soon\""})
    void aKeyThatDoesNotSayWhenItEndsIsFetchedForEachRequest(String end) {
        rig.agency().here();
        answers(KEY, 200, "{\"credential\":{\"access\":\"" + FakeCloud.AGENCY_ACCESS + "\",\"secret\":\"" + FakeCloud.AGENCY_SECRET
                + "\",\"securitytoken\":\"" + FakeCloud.AGENCY_TOKEN + "\"" + end + "}}");
        EcsDiscoveryStrategy strategy = rig.strategy();
        Rig.nodes(strategy);
        int first = rig.cloud.to(KEY).size();
        rig.time.pass(Duration.ofMinutes(2));
        Rig.nodes(strategy);
        assertEquals(2 * first, rig.cloud.to(KEY).size());
    }

    @Test
    void aServiceThatWantsATokenButGivesNoneIsTrouble() {
        rig.agency().here();
        rig.cloud.metadataWantsToken = true;
        answers("/api/token", 405, "");
        assertTrue(failure().contains("the metadata service (" + rig.cloud.url() + ") answered 401 when asked for the agency's key"));
    }

    @Test
    void anEmptyTokenIsNone() {
        rig.agency().here();
        rig.cloud.metadataWantsToken = true;
        answers("/api/token", 200, " ");
        assertTrue(failure().contains("answered 401"));
    }

    @Test
    void aServiceThatNamesNoRegionSaysWhatToGive() {
        rig.agency().here();
        answers(IDENTITY, 200, "{\"uuid\":\"x\",\"availability_zone\":\"somewhere\"}");
        assertTrue(failure().contains("give region"));
        assertEquals(0, rig.time.sleeps.size());
    }

    @Test
    void aKeyThatIsRefusedThoughTheServiceHasNoOtherIsHeldBack() {
        rig.agency().here();
        rig.cloud.accessKey = "AKOTHER";
        rig.cloud.trouble = (seen, exchange) -> {
            if (seen.signed()) {
                FakeCloud.answer(exchange, 401, "{\"error_msg\":\"token expires\",\"error_code\":\"APIGW.0301\"}");
                return true;
            }
            return false;
        };
        assertTrue(failure().contains("the token or temporary key is no longer valid"));
        assertEquals(1, rig.cloud.authorised().size());
        assertEquals(List.of(Duration.ofSeconds(60)), rig.time.sleeps);
    }
}
